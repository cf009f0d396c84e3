import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import type { Reaction } from "../fakes/Notifications.ts"
import { react, retry, sent, titles } from "./attackLives.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

const failing = (reason: "unavailable" | "throttled"): Reaction => () =>
  new UpstreamFailed({ vendor: "Slack", reason, details: "Not now" })

/** An hour and more of attempts in vain; the next one is half an hour away. */
const outage = Effect.gen(function*() {
  yield* route("C1")
  yield* react(failing("unavailable"))
  yield* accept({ title: "One" })
  yield* accept({ title: "Two" })
  yield* pass(5400, 300)
  assert.isAtLeast((yield* sent).length, 8)
})

/** As if a dozen attempts had been in vain, after which the next one is half an hour away. */
const longInVain = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* route("C1")
  yield* react(failing("unavailable"))
  yield* accept({ title: "One" })
  yield* accept({ title: "Two" })
  yield* settle
  yield* sql`UPDATE deliveries SET attempt_count = 12, next_attempt_at = '1970-01-01T01:40:00.000Z',
               retry_until = '1970-01-02T00:00:00.000Z' WHERE number = 1`
})

const byHand = Effect.flatMap(deliveries, ([row]) => retry(String(row?.["id"])))

/** The next message meets with this reaction, all later ones arrive. */
const once = (reaction: Reaction) =>
  Effect.flatMap(
    sent,
    ({ length }) => react((seen, n) => n === length ? reaction(seen, n) : Effect.succeed({ pauseMs: 0 }))
  )

describe("a vendor that was down for more than an hour", () => {
  it.effect("gets all that has waited, in order, once it is back", () =>
    Effect.gen(function*() {
      yield* outage
      const later = Array.from({ length: 50 }, (_, index) => `n${index}`)
      yield* Effect.forEach(later, (title) => accept({ title }))
      yield* react(() => Effect.succeed({ pauseMs: 0 }))
      yield* pass(6000, 300)
      deepStrictEqual(yield* titles, ["One", "Two", ...later])
    }).pipe(Effect.provide(pipeline())), 60_000)
})

describe("a delivery that is begun afresh after long attempts in vain", () => {
  it.effect.each(["unavailable", "throttled"] as const)(
    "by hand, is tried again within seconds when it is %s once more, and holds nothing back for an hour",
    (reason) =>
      Effect.gen(function*() {
        yield* longInVain
        yield* once(failing(reason))
        yield* byHand
        yield* pass(20)
        deepStrictEqual(yield* titles, ["One", "Two"])
      }).pipe(Effect.provide(pipeline()))
  )

  it.effect("after a pause, is tried again within seconds", () =>
    Effect.gen(function*() {
      yield* longInVain
      const sql = yield* SqlClient.SqlClient
      // As a pause leaves it.
      yield* sql`UPDATE deliveries SET retry_until = NULL, next_attempt_at = NULL WHERE number = 1`
      yield* sql`UPDATE destinations SET due_at = '1970-01-01T00:00:00.000Z'`
      yield* once(failing("unavailable"))
      yield* pass(20)
      deepStrictEqual(yield* titles, ["One", "Two"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("waits longer and longer again, up to what it would wait without", () =>
    Effect.gen(function*() {
      yield* longInVain
      yield* byHand
      const before = (yield* sent).length
      yield* pass(70)
      const times = (yield* sent).slice(before).map(({ atMs }) => atMs)
      const [first = 0] = times
      const waits = times.slice(1).map((at, index) => ({
        wait: at - (times[index] ?? 0),
        since: (times[index] ?? 0) - first
      }))
      assert.isAtLeast(times.length, 4)
      for (const [index, { since, wait }] of waits.entries()) {
        assert.isAtLeast(wait, 1000 * 2 ** index * 0.8)
        // Doubled, with its jitter, and the sweep's five seconds and their turn.
        assert.isAtMost(wait, 2 * (since + 1000) * 1.2 + 6000)
      }
    }).pipe(Effect.provide(pipeline())))
})
