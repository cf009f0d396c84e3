import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Console, type Duration, Effect, Fiber, Option, Random, Ref, Schedule, Schema } from "effect"
import { slackSeed } from "../../src/sandbox/chatSeed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { makeSlack } from "../../src/sandbox/slack.ts"
import { makeWhatsApp } from "../../src/sandbox/whatsapp.ts"
import { freePort } from "../fakes/freePort.ts"
import { temporary } from "../fakes/Storage.ts"
import { makeChild } from "./child.ts"

const kills = 25
const org = "org-acme-corp"
const secret = "sentry-client-secret"

/** Slack paces to a message a second, WhatsApp takes what comes: queues that are long, and queues that are short. */
const destinations = [
  ...Array.makeBy(3, (n) => ({ channel: "slack", channelId: `C0CRASH${n}`, project: `slack-${n}` })),
  ...Array.makeBy(5, (n) => ({ channel: "whatsapp", channelId: `1555000200${n}`, project: `whatsapp-${n}` }))
]

const Incidents = Schema.Struct({
  incidents: Schema.Array(Schema.Struct({ title: Schema.String })),
  next: Schema.NullOr(Schema.String)
})
const Agents = Schema.Struct({ agents: Schema.Array(Schema.Struct({ id: Schema.String, projectId: Schema.String })) })
const Deliveries = Schema.Struct({ deliveries: Schema.Array(Schema.Struct({ id: Schema.String })) })

const titleOf = (project: string, n: number) => `alert <${project}#${n}>`
const numbersIn = (text: string) =>
  [...text.matchAll(/alert (?:<|&lt;)([\w-]+)#(\d+)(?:>|&gt;)/g)].map(([, project, n]) => `${project}#${n}`)

const count = (all: ReadonlyArray<string>) => {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1)
  return counts
}

describe("killed at random instants under a stream of webhooks", () => {
  it.scopedLive("loses nothing that was answered 200", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const slack = yield* makeSlack({
        seed: {
          ...slackSeed,
          channels: destinations.map(({ channelId }) => ({ id: channelId, name: channelId, isMember: true }))
        }
      })
      const whatsapp = yield* makeWhatsApp()
      const child = yield* makeChild({
        DATABASE_URL: `file:${directory}/crash.db`,
        SLACK_API_URL: slack.url,
        WHATSAPP_API_URL: whatsapp.url
      }, yield* freePort)
      const http = yield* HttpClient.HttpClient

      const ask = (method: "GET" | "POST", path: string, body?: unknown) =>
        HttpClientRequest.make(method)(`${child.url}${path}`).pipe(
          HttpClientRequest.setHeader("x-org-id", org),
          body === undefined ? (request) => request : HttpClientRequest.bodyUnsafeJson(body),
          HttpClient.filterStatusOk(http).execute,
          Effect.flatMap((response) => response.json)
        )

      yield* child.start
      for (
        const body of [
          { integration: "sentry", config: { authToken: "t", organization: "acme", webhookSecret: secret } },
          { integration: "slack", config: { botToken: "xoxb-sandbox" } },
          { integration: "whatsapp", config: { accessToken: "EAAsandbox", phoneNumberId: "15550001111" } }
        ]
      ) yield* ask("POST", "/api/integrations/configure", body)
      for (const { channel, channelId, project } of destinations) {
        yield* ask("POST", "/api/channel-routes", { eventType: "sentry.*", channel, channelId, projectId: project })
      }

      const answered = yield* Ref.make<ReadonlyArray<string>>([])
      const unanswered = yield* Ref.make(0)
      const webhook = (project: string, n: number) => {
        const issue = { id: `${project}-${n}`, title: titleOf(project, n), project: { slug: project } }
        const body = JSON.stringify({ action: "created", data: { issue } })
        return HttpClientRequest.post(`${child.url}/api/webhooks/sentry?org=${org}`).pipe(
          HttpClientRequest.bodyText(body, "application/json"),
          HttpClientRequest.setHeaders(signatureHeaders.sentry(secret, body)),
          http.execute,
          Effect.flatMap((response) => Effect.zipRight(response.text, Effect.succeed(response.status))),
          Effect.timeout("10 seconds"),
          Effect.option,
          Effect.map(Option.contains(200))
        )
      }
      /** One sender for each project, in order; now and then it sends again what was answered, or was not. */
      const stream = (project: string, pause: Duration.DurationInput) =>
        Effect.iterate(0, {
          while: () => true,
          body: (n) =>
            Effect.gen(function*() {
              const ok = yield* webhook(project, n)
              if (ok) yield* Ref.update(answered, Array.append(`${project}#${n}`))
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

      yield* ask("GET", "/api/deliveries?status=pending,delivering&limit=1").pipe(
        Effect.flatMap(Schema.decodeUnknown(Deliveries)),
        Effect.filterOrFail(({ deliveries }) =>
          deliveries.length === 0
        ),
        Effect.retry(Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(240)))
      )

      const inboxOf = (agentId: string) =>
        Effect.gen(function*() {
          const titles: Array<string> = []
          let after = ""
          while (true) {
            const path = `/api/agents/${agentId}/incidents?limit=100${after === "" ? "" : `&after=${after}`}`
            const { incidents, next } = yield* Effect.flatMap(ask("GET", path), Schema.decodeUnknown(Incidents))
            if (incidents.length === 0) return titles
            titles.push(...incidents.map(({ title }) => title))
            after = next ?? ""
          }
        })
      const { agents } = yield* Effect.flatMap(ask("GET", "/api/agents"), Schema.decodeUnknown(Agents))
      const inbox = yield* Effect.forEach(agents, ({ id, projectId }) =>
        Effect.map(inboxOf(id), (titles) => ({ projectId, all: titles.flatMap(numbersIn) })))
      const messages = [...yield* slack.messages, ...yield* whatsapp.messages]

      const accepted = yield* Ref.get(answered)
      const inInbox = count(inbox.flatMap(({ all }) =>
        all
      ))
      const inChannels = count(messages.flatMap(({ text }) => numbersIn(text)))
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
        const told = messages.filter((message) => message.channelId === channelId).flatMap(({ text }) =>
          numbersIn(text)
        )
        assert.isAtMost(told.length - new Set(told).size, kills, `${channelId} is told once more for each kill at most`)
        const known = inbox.find(({ projectId }) => projectId === project)?.all ?? []
        deepStrictEqual(Array.dedupe(told), known, `${channelId} is told in the order of the inbox`)
      }
      assert.isAbove(accepted.length, kills)
    }).pipe(Effect.provide([FetchHttpClient.layer, NodeContext.layer])))
})
