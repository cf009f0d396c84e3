import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { accept, pass, pipeline, route, settle } from "./pipeline.ts"

const counts = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const of = (table: string) => Effect.map(sql`SELECT COUNT(*) AS count FROM ${sql(table)}`, ([row]) => row?.["count"])
  return {
    deliveries: yield* of("deliveries"),
    attempts: yield* of("delivery_attempts"),
    entries: yield* of("inbox_entries"),
    groups: yield* of("destination_groups")
  }
})

const bodies = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => Effect.map(sql`SELECT body FROM events ORDER BY received_at`, (rows) => rows.map(({ body }) => body))
)

/** As if two months had passed: the clock starts in 1970. */
const aged = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`UPDATE deliveries SET created_at = '1969-11-01T00:00:00.000Z'`
  yield* sql`UPDATE inbox_entries SET received_at = '1969-11-01T00:00:00.000Z'`
  yield* sql`UPDATE events SET received_at = '1969-11-01T00:00:00.000Z'`
})

describe("retention", () => {
  it.effect("removes what is finished and old, more than one batch of it, and keeps what is young", () =>
    Effect.gen(function*() {
      yield* route("C1")
      for (let n = 0; n < 450; n++) yield* accept({ groupKey: `g${n}`, body: "{\"old\":true}" })
      yield* pass(60, 10)
      deepStrictEqual(yield* counts, { deliveries: 450, attempts: 450, entries: 450, groups: 450 })
      yield* aged
      yield* accept({ groupKey: "young", body: "{\"young\":true}" })
      yield* pass(3600, 900)
      deepStrictEqual(yield* counts, { deliveries: 1, attempts: 1, entries: 1, groups: 0 })
      deepStrictEqual(new Set(yield* bodies), new Set(["", "{\"young\":true}"]))
    }).pipe(Effect.provide(pipeline())))

  it.effect("forgets what Idempotency-Keys stood for a day after they came", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const keys = (prefix: string, createdAt: string, count: number) =>
        Effect.forEach(Array.from({ length: count }, (_, n) => `${prefix}-${n}`), (idempotencyKey) =>
          sql`INSERT INTO idempotent_answers ${
            sql.insert({
              orgId: "org-acme-corp",
              operation: "o",
              idempotencyKey,
              requestHash: "h",
              holder: "h",
              heldUntil: createdAt,
              createdAt
            })
          }`)
      yield* keys("old", "1969-12-30T23:59:59.000Z", 450)
      yield* keys("young", "1970-01-01T00:00:00.000Z", 3)
      yield* pass(3600, 900)
      const left = yield* sql`SELECT idempotency_key FROM idempotent_answers ORDER BY idempotency_key`
      deepStrictEqual(left, ["young-0", "young-1", "young-2"].map((idempotencyKey) => ({ idempotencyKey })))
    }).pipe(Effect.provide(pipeline())))

  it.effect("never removes what has not arrived, nor what it is about", () =>
    Effect.gen(function*() {
      yield* route("C1")
      const { react } = yield* Notifications
      yield* react(() => new UpstreamFailed({ vendor: "Slack", reason: "unavailable", details: "down" }))
      yield* accept({ title: "waits", body: "{\"waits\":true}" })
      yield* aged
      yield* pass(3600, 900)
      assert.strictEqual((yield* counts).deliveries, 1)
      deepStrictEqual(yield* bodies, ["{\"waits\":true}"])
      yield* react(() => Effect.succeed({ pauseMs: 0 }))
      yield* pass(3600, 900)
      const { arrived } = yield* Notifications
      deepStrictEqual((yield* arrived).map(({ title }) => title), ["waits"])
      yield* pass(3600, 900)
      assert.strictEqual((yield* counts).deliveries, 0)
    }).pipe(Effect.provide(pipeline())))

  it.effect("keeps dedup keys: a webhook that was captured and is sent again later is still a repeat", () =>
    Effect.gen(function*() {
      yield* route("C1")
      const first = yield* accept({ dedupKey: "captured" })
      yield* settle
      yield* aged
      yield* pass(4500, 900)
      const again = yield* accept({ dedupKey: "captured" })
      deepStrictEqual([again.repeated, again.eventId, again.agentId], [true, first.eventId, first.agentId])
      yield* settle
      assert.strictEqual((yield* counts).deliveries, 0)
    }).pipe(Effect.provide(pipeline())))
})
