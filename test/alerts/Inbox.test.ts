import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Duration, Effect, FastCheck, Fiber } from "effect"
import { AgentNotFound, RequestInvalid } from "../../src/domain/Errors.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { advance } from "../fakes/turns.ts"
import { agent, arrive, isWaiting, Live, page, read, reader, wait } from "./inboxes.ts"

describe("an inbox", () => {
  it.effect("gives what came, with the id that it always has", () =>
    Effect.gen(function*() {
      yield* agent("agent-incident-xyz789")
      yield* arrive("agent-incident-xyz789", "e1")
      yield* arrive("agent-incident-xyz789", "e2", { projectId: null, url: null, body: "not JSON" })
      const { incidents, next } = yield* read("agent-incident-xyz789")
      deepStrictEqual(
        incidents.map(({ eventId, id, payload, projectId, url }) => ({ id, eventId, projectId, url, payload })),
        [
          {
            id: "inc-xyz789-1",
            eventId: "e1",
            projectId: "proj-001",
            url: "https://sentry.test/issues/1",
            payload: { event: "e1" }
          },
          { id: "inc-xyz789-2", eventId: "e2", projectId: null, url: null, payload: "not JSON" }
        ]
      )
      assert.strictEqual(next, "2")
      deepStrictEqual((yield* read("agent-incident-xyz789", { after: "1" })).incidents, incidents.slice(1))
    }).pipe(Effect.provide(Live)))

  it.effect("says where to go on: nowhere before the first incident, and the given place when nothing is new", () =>
    Effect.gen(function*() {
      yield* agent("a")
      deepStrictEqual(yield* page("a"), [[], null])
      yield* arrive("a", "e1")
      yield* arrive("a", "e2")
      yield* arrive("a", "e3")
      deepStrictEqual(yield* page("a", { limit: 2 }), [["e1", "e2"], "2"])
      deepStrictEqual(yield* page("a", { limit: 2, after: "2" }), [["e3"], "3"])
      deepStrictEqual(yield* page("a", { limit: 2, after: "3" }), [[], "3"])
      deepStrictEqual(yield* page("a", { after: "1" }), [["e2", "e3"], "3"])
    }).pipe(Effect.provide(Live)))

  it.effect.prop(
    "is the same in pages of any size, in order, without gaps and repeats, while more comes in",
    [FastCheck.array(
      FastCheck.oneof(
        FastCheck.record({ arrive: FastCheck.constantFrom("a", "other") }),
        FastCheck.record({ limit: FastCheck.integer({ min: 1, max: 7 }) })
      ),
      { maxLength: 40 }
    )],
    ([steps]) =>
      Effect.gen(function*() {
        yield* agent("a")
        yield* agent("other")
        const came: Array<string> = []
        const seen: Array<string> = []
        let after: string | null = null
        for (const [index, step] of [...steps, { limit: 100 }].entries()) {
          if ("arrive" in step) {
            yield* arrive(step.arrive, `e${index}`)
            if (step.arrive === "a") came.push(`e${index}`)
            continue
          }
          const [events, next]: readonly [ReadonlyArray<string>, string | null] = yield* page("a", {
            after,
            limit: step.limit
          })
          assert.isAtMost(events.length, step.limit)
          seen.push(...events)
          deepStrictEqual(seen, came.slice(0, seen.length))
          if (events.length < step.limit) assert.lengthOf(seen, came.length)
          after = next
        }
        deepStrictEqual(seen, came)
        assert.strictEqual(after, came.length === 0 ? null : String(came.length))
      }).pipe(Effect.provide(Live)),
    { fastCheck: { numRuns: 25 } }
  )

  it.effect("gives fewer at a time where they are large, and all of them in the end", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const large = `"${"x".repeat(1024 * 1024 - 2)}"`
      for (const id of ["e1", "e2", "e3", "e4", "e5", "e6"]) yield* arrive("a", id, { body: large })
      yield* arrive("a", "e7", { body: `"${"x".repeat(5 * 1024 * 1024)}"` })
      yield* arrive("a", "e8")
      const pages: Array<ReadonlyArray<string>> = []
      let after: string | null = null
      while (pages.at(-1)?.length !== 0) {
        const [events, next]: readonly [ReadonlyArray<string>, string | null] = yield* page("a", { after, limit: 100 })
        pages.push(events)
        after = next
      }
      deepStrictEqual(pages, [["e1", "e2", "e3", "e4"], ["e5", "e6"], ["e7"], ["e8"], []])
    }).pipe(Effect.provide(Live)))

  it.effect("takes no cursor that it has not given", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* arrive("a", "e1")
      for (const after of ["2", "999999999999999"]) {
        for (const patience of [Duration.zero, wait]) {
          const error = yield* Effect.flip(read("a", { after, wait: patience }))
          if (!(error instanceof RequestInvalid)) return assert.fail(error._tag)
          assert.strictEqual(error.details, "after: expected a cursor that this agent was given as next")
        }
      }
    }).pipe(Effect.provide(Live)))

  it.effect("is its own organisation's, also under another's agent id", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* agent("shared", acme)
      yield* agent("shared", globex)
      yield* arrive("a", "e1")
      yield* arrive("shared", "mine", {}, acme)
      yield* arrive("shared", "theirs", {}, globex)
      deepStrictEqual(yield* page("shared", {}, acme), [["mine"], "1"])
      deepStrictEqual(yield* page("shared", {}, globex), [["theirs"], "1"])
      for (const [agentId, orgId] of [["a", globex], ["b", acme]] as const) {
        for (const reading of [{}, { wait }, { after: "1" }]) {
          assert.instanceOf(yield* Effect.flip(read(agentId, reading, orgId)), AgentNotFound)
        }
      }
      const known = { id: "shared", lastNumber: 1 }
      yield* arrive("shared", "theirs too", {}, globex)
      const { grown } = yield* InboxRepo
      deepStrictEqual(yield* grown([{ ...known, orgId: acme }]), [])
      deepStrictEqual(yield* grown([{ ...known, orgId: globex }]), [{ orgId: globex, id: "shared" }])
      const theirs = yield* reader("shared", { after: "2", wait }, globex)
      yield* arrive("shared", "mine too", {}, acme)
      yield* advance("29 seconds")
      assert.isTrue(yield* isWaiting(theirs))
      yield* advance("1 second")
      deepStrictEqual(yield* Fiber.join(theirs), [[], "2"])
    }).pipe(Effect.provide(Live)))
})
