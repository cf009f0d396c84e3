import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect, Ref } from "effect"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { WebhookFailureRow, WebhookFailuresRepo } from "../../src/persistence/WebhookFailuresRepo.ts"
import { acme, Memory, org } from "../fakes/Storage.ts"

const at = DateTime.unsafeMake(0)
const place = (channelId: string) => ({ orgId: acme, channel: "slack", channelId })

describe("transactions that wait for each other in a ring", () => {
  /** Takes numbers of two destinations, the second once both transactions have the first of theirs. */
  const taking = (first: string, second: string, mine: Deferred.Deferred<void>, others: Deferred.Deferred<void>) =>
    Effect.gen(function*() {
      const destinations = yield* DestinationsRepo
      const runs = yield* Ref.make(0)
      const body = Effect.gen(function*() {
        yield* Ref.update(runs, (n) => n + 1)
        const one = yield* destinations.takeNumber(place(first), at)
        yield* Deferred.succeed(mine, undefined)
        yield* Deferred.await(others)
        return [one, yield* destinations.takeNumber(place(second), at)] as const
      })
      return { body, runs }
    })

  it.effect("both come to their end: one of them runs again", () =>
    Effect.gen(function*() {
      const events = yield* EventsRepo
      const here = yield* Deferred.make<void>()
      const there = yield* Deferred.make<void>()
      const one = yield* taking("C1", "C2", here, there)
      const other = yield* taking("C2", "C1", there, here)
      const taken = yield* Effect.all([events.transaction(one.body), events.transaction(other.body)], {
        concurrency: "unbounded"
      })
      assert.strictEqual((yield* one.runs.get) + (yield* other.runs.get), 3)
      // What the one that lost had taken was given back.
      const [first, second] = taken
      deepStrictEqual([first[0], second[1]].toSorted(), [1, 2])
      deepStrictEqual([first[1], second[0]].toSorted(), [1, 2])
    }).pipe(Effect.provide(Memory)))

  it.effect("a transaction within another does not run again alone", () =>
    Effect.gen(function*() {
      const events = yield* EventsRepo
      const here = yield* Deferred.make<void>()
      const there = yield* Deferred.make<void>()
      const one = yield* taking("C1", "C2", here, there)
      const other = yield* taking("C2", "C1", there, here)
      const outer = yield* Ref.make(0)
      const nested = ({ body }: typeof one) =>
        events.transaction(Effect.zipRight(Ref.update(outer, (n) => n + 1), events.transaction(body)))
      yield* Effect.all([nested(one), nested(other)], { concurrency: "unbounded" })
      assert.strictEqual(yield* outer.get, 3)
      assert.strictEqual((yield* one.runs.get) + (yield* other.runs.get), 3)
    }).pipe(Effect.provide(Memory)))

  it.effect("one that loses again and again fails in the end", () =>
    Effect.gen(function*() {
      const events = yield* EventsRepo
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Ref.make(0)
      const losing = Effect.zipRight(
        Ref.update(runs, (n) => n + 1),
        sql`DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure'; END $$`
      )
      assert.strictEqual((yield* Effect.exit(events.transaction(losing)))._tag, "Failure")
      assert.strictEqual(yield* runs.get, 5)
    }).pipe(Effect.provide(Memory)))

  it.effect("any other failure is not tried again", () =>
    Effect.gen(function*() {
      const events = yield* EventsRepo
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Ref.make(0)
      const failing = Effect.zipRight(Ref.update(runs, (n) => n + 1), sql`SELECT 1 / 0`)
      assert.strictEqual((yield* Effect.exit(events.transaction(failing)))._tag, "Failure")
      assert.strictEqual(yield* runs.get, 1)
      deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
    }).pipe(Effect.provide(Memory)))
})

describe("text", () => {
  it.effect("of every table compares byte by byte, whatever the database's own collation is", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      deepStrictEqual(
        yield* sql`
          SELECT table_name, column_name FROM information_schema.columns
          WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
            AND table_name NOT LIKE 'effect_sql_%'`,
        []
      )
      // The test means something: here they would not.
      const [row] = yield* sql<{ own: boolean }>`SELECT 'a' < 'B' AS own`
      if (row?.own === false) assert.fail("The server compares byte by byte anyway")
    }).pipe(Effect.provide(Memory)))

  it.effect("pages by cursors that differ only in case have no gap and no double", () =>
    Effect.gen(function*() {
      const repo = yield* WebhookFailuresRepo
      const sql = yield* SqlClient.SqlClient
      const orgId = org("org-cursor")
      yield* sql`INSERT INTO integrations ${
        sql.insert({ orgId, integration: "sentry", keyId: "k", sealed: "s", configuredAt: "1970-01-01T00:00:00.000Z" })
      }`
      const ids = ["a", "B", "_", "b", "A", "é", "e", "Z", "-", "a-b", "ab"]
      yield* repo.add(ids.map((id) =>
        new WebhookFailureRow({ orgId, id, source: "sentry", reason: "missing", details: "why", failedAt: at })
      ))
      const seen: Array<string> = []
      for (let page = yield* repo.list(orgId, { source: undefined, before: undefined, limit: 2 }); page.length > 0;) {
        seen.push(...page.map(({ id }) =>
          id
        ))
        page = yield* repo.list(orgId, { source: undefined, before: seen.at(-1), limit: 2 })
      }
      deepStrictEqual(seen, ids.toSorted((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a))))
    }).pipe(Effect.provide(Memory)))
})
