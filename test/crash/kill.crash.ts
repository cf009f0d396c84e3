import { FetchHttpClient } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Console, type Duration, Effect, Fiber, Random, Ref } from "effect"
import { freePort } from "../fakes/freePort.ts"
import { temporary } from "../fakes/Storage.ts"
import { makeChild } from "../processes/child.ts"
import { countEach, makeOrganisation, makeVendors, nameOf, namesIn, type Place } from "../processes/organisation.ts"

const kills = 25

/** Slack paces to a message a second, WhatsApp takes what comes: queues that are long, and queues that are short. */
const destinations: ReadonlyArray<Place> = [
  ...Array.makeBy(3, (n) => ({ channel: "slack", channelId: `C0CRASH${n}`, project: `slack-${n}` } as const)),
  ...Array.makeBy(5, (n) => ({ channel: "whatsapp", channelId: `1555000200${n}`, project: `whatsapp-${n}` } as const))
]

describe("killed at random instants under a stream of webhooks", () => {
  it.scopedLive("loses nothing that was answered 200", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const vendors = yield* makeVendors(destinations)
      const child = yield* makeChild({
        DATABASE_URL: `file:${directory}/crash.db`,
        ...vendors.environment
      }, yield* freePort)
      const organisation = yield* makeOrganisation(Effect.succeed(child.url))
      yield* child.start
      yield* organisation.configure(destinations)

      const answered = yield* Ref.make<ReadonlyArray<string>>([])
      const unanswered = yield* Ref.make(0)
      const webhook = (project: string, n: number) => organisation.webhook(project, n, "10 seconds")
      /** One sender for each project, in order; now and then it sends again what was answered, or was not. */
      const stream = (project: string, pause: Duration.DurationInput) =>
        Effect.iterate(0, {
          while: () => true,
          body: (n) =>
            Effect.gen(function*() {
              const ok = yield* webhook(project, n)
              if (ok) yield* Ref.update(answered, Array.append(nameOf(project, n)))
              else yield* Ref.update(unanswered, (all) => all + 1)
              if ((yield* Random.next) < 0.2) yield* webhook(project, n)
              yield* Effect.sleep(ok ? pause : "50 millis")
              return n + 1
            })
        })
      const streams = yield* Effect.forEach(destinations, ({ channel, project }) =>
        Effect.fork(stream(project, channel === "slack" ? "1200 millis" : "60 millis")))

      for (let n = 0; n < kills; n++) {
        yield* Effect.sleep(`${yield* Random.nextIntBetween(100, 3000)} millis`)
        yield* child.kill
        yield* child.start
      }
      yield* Fiber.interruptAll(streams)
      yield* organisation.drained(240)

      const inbox = yield* organisation.inboxes
      const messages = yield* vendors.messages
      const accepted = yield* Ref.get(answered)
      const inInbox = countEach(inbox.flatMap(({ all }) =>
        all
      ))
      const inChannels = countEach(messages.flatMap(({ text }) => namesIn(text)))
      const duplicates = [...inChannels.values()].reduce((sum, times) => sum + times - 1, 0)
      yield* Console.log(
        `${kills} kills; ${accepted.length} webhooks answered 200, ${yield* Ref.get(unanswered)} not; ` +
          `${inInbox.size} incidents; ${messages.length} messages, of which ${duplicates} duplicates ` +
          `(at most ${kills * destinations.length} expected)`
      )

      deepStrictEqual(accepted.filter((one) => inInbox.get(one) !== 1), [], "in the inbox exactly once")
      deepStrictEqual([...inInbox].filter(([, times]) => times !== 1), [], "nothing in an inbox twice")
      deepStrictEqual(accepted.filter((one) => !inChannels.has(one)), [], "in its channel")
      deepStrictEqual([...inInbox.keys()].filter((one) => !inChannels.has(one)), [], "what agents know, channels know")
      assert.isAtMost(duplicates, kills * destinations.length)
      for (const { channelId, project } of destinations) {
        const told = messages.filter((message) => message.channelId === channelId).flatMap(({ text }) => namesIn(text))
        assert.isAtMost(told.length - new Set(told).size, kills, `${channelId} is told once more for each kill at most`)
        const known = inbox.find(({ projectId }) => projectId === project)?.all ?? []
        deepStrictEqual(Array.dedupe(told), known, `${channelId} is told in the order of the inbox`)
      }
      assert.isAbove(accepted.length, kills)
    }).pipe(Effect.provide([FetchHttpClient.layer, NodeContext.layer])))
})
