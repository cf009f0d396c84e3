import { SqlClient } from "@effect/sql"
import { assert, describe, it, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Arbitrary, Effect, FastCheck, Layer, Option } from "effect"
import { randomUUID } from "node:crypto"
import { AuditEntry } from "../../src/domain/AuditEntry.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AuditRepo } from "../../src/persistence/AuditRepo.ts"
import { AuditCheck, type KeptHead } from "../../src/services/AuditCheck.ts"
import { acme, globex, Memory, org } from "../fakes/Storage.ts"

const Stored = AuditCheck.Default.pipe(Layer.provideMerge(Memory))

const entries = FastCheck.array(Arbitrary.make(AuditEntry), { minLength: 1, maxLength: 12 })

const append = (orgId: OrgId, all: ReadonlyArray<AuditEntry>) =>
  Effect.flatMap(
    AuditRepo,
    (repo) => repo.append(all.map((entry) => ({ entry: new AuditEntry({ ...entry, orgId }), begins: true })))
  )

const check = (orgId: OrgId, kept: ReadonlyArray<KeptHead> = []) =>
  Effect.flatMap(AuditCheck, (audit) => audit.check(orgId, kept))

const flawIn = (orgId: OrgId, kept: ReadonlyArray<KeptHead> = []) =>
  Effect.map(check(orgId, kept), ({ flaw }) => Option.getOrNull(Option.map(flaw, ({ number }) => number)))

const headOf = (orgId: OrgId) =>
  Effect.map(Effect.flatMap(AuditRepo, (repo) => repo.head(orgId)), (head) => {
    const { lastHash, lastNumber } = Option.getOrThrow(head)
    return { orgId, number: lastNumber, hash: lastHash }
  })

const columns = ["at", "token_id", "action", "target", "outcome", "status", "request_id", "hash"] as const

/** Each run has orgs of its own in the one database. */
const newOrgs = Effect.sync(() => [org(`org-${randomUUID()}`), org(`org-${randomUUID()}`)] as const)

interface Touched {
  readonly orgId: OrgId
  /** Of another org, whose log is the same. */
  readonly neighbour: OrgId
  readonly place: number
  readonly other: number
  readonly random: string
  readonly length: number
}

/** What is done to a log, and which entry is then wrong. */
type Touch = (touched: Touched) => Effect.Effect<number | "untouched", unknown, SqlClient.SqlClient>

const found = (touch: Touch, all: ReadonlyArray<AuditEntry>, touched: Pick<Touched, "place" | "other" | "random">) =>
  Effect.gen(function*() {
    const [orgId, neighbour] = yield* newOrgs
    yield* append(orgId, all)
    yield* append(neighbour, all)
    assert.isNull(yield* flawIn(orgId))
    const { length } = all
    const [place, other] = [touched.place % length + 1, touched.other % length + 1]
    const expected = yield* touch({ ...touched, orgId, neighbour, place, other, length })
    assert.strictEqual(yield* flawIn(orgId), expected === "untouched" ? null : expected)
    assert.isNull(yield* flawIn(neighbour))
  })

const edit = (column: typeof columns[number]): Touch => ({ orgId, place, random }) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const stored = sql`SELECT ${sql(column)} AS it FROM audit_log WHERE org_id = ${orgId} AND number = ${place}`
    const [before] = yield* stored
    // PostgreSQL takes no text for a number, whoever edits it.
    const edited = sql.onDialectOrElse({
      pg: () => column === "status" ? random.length : random,
      orElse: () => random
    })
    yield* sql`UPDATE audit_log SET ${sql(column)} = ${edited} WHERE org_id = ${orgId} AND number = ${place}`
    const [after] = yield* stored
    return before?.["it"] === after?.["it"] ? "untouched" : place
  })

const touches: Readonly<Record<string, Touch>> = {
  ...Object.fromEntries(columns.map((column) => [`any edit of ${column}`, edit(column)])),
  "any entry that was removed": ({ orgId, place }) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM audit_log WHERE org_id = ${orgId} AND number = ${place}`
      return place
    }),
  "any two that changed places": ({ orgId, other, place }) =>
    Effect.gen(function*() {
      if (place === other) return "untouched"
      const sql = yield* SqlClient.SqlClient
      const move = (from: number, to: number) =>
        sql`UPDATE audit_log SET number = ${to} WHERE org_id = ${orgId} AND number = ${from}`
      yield* move(place, -1)
      yield* move(other, place)
      yield* move(-1, other)
      return Math.min(place, other)
    }),
  "an end that was cut off": ({ orgId, place }) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM audit_log WHERE org_id = ${orgId} AND number >= ${place}`
      return place
    }),
  "one that was put in at either end": ({ length, orgId, other, place, random }) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const number = place % 2 === 0 ? 0 : length + other
      yield* sql`INSERT INTO audit_log (org_id, number, at, action, outcome, status, request_id, hash)
                 SELECT org_id, ${number}, at, action, outcome, status, ${random}, hash FROM audit_log
                 WHERE org_id = ${orgId} AND number = 1`
      return number
    }),
  "another org's entry in the place of its own": ({ neighbour, orgId, place }) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM audit_log WHERE org_id = ${orgId} AND number = ${place}`
      yield* sql`INSERT INTO audit_log
                 SELECT ${orgId}, number, at, token_id, action, target, outcome, status, request_id, hash
                 FROM audit_log WHERE org_id = ${neighbour} AND number = ${place}`
      return place
    }),
  "a log whose head is gone": ({ orgId }) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM audit_heads WHERE org_id = ${orgId}`
      return 1
    })
}

const text = FastCheck.string().map((random) => random.replaceAll("\u0000", ""))

layer(Stored)("a check finds", (it) => {
  for (const [what, touch] of Object.entries(touches)) {
    it.effect.prop(
      what,
      [entries, FastCheck.nat(), FastCheck.nat(), text],
      ([all, place, other, random]) => found(touch, all, { place, other, random }),
      { fastCheck: { numRuns: 50 } }
    )
  }

  it.effect.prop(
    "by a head that was kept a log that was written anew as far as it goes, cut short with its head, or gone, and no other",
    [entries, entries],
    ([before, after]) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [acme] = yield* newOrgs
        yield* append(acme, before)
        const kept = yield* headOf(acme)
        yield* append(acme, after)
        assert.isNull(yield* flawIn(acme, [kept]))
        yield* sql`DELETE FROM audit_log WHERE org_id = ${acme}`
        yield* sql`DELETE FROM audit_heads WHERE org_id = ${acme}`
        assert.isNull(yield* flawIn(acme))
        assert.strictEqual(yield* flawIn(acme, [kept]), kept.number)
        // All but the first entry as it was, with hashes that fit.
        yield* append(
          acme,
          [...before, ...after].map((entry, index) =>
            index === 0 ? new AuditEntry({ ...entry, status: entry.status + 1 }) : entry
          )
        )
        assert.isNull(yield* flawIn(acme))
        assert.strictEqual(yield* flawIn(acme, [kept]), kept.number)
      }),
    { fastCheck: { numRuns: 50 } }
  )
})

describe("a log", () => {
  it.effect("of many appenders at once is one unbroken chain for each org", () =>
    Effect.gen(function*() {
      const [sample] = FastCheck.sample(entries, 1)
      const some = sample ?? []
      yield* Effect.all(
        Array.from({ length: 50 }, (_, index) => append(index % 2 === 0 ? acme : globex, some)),
        { concurrency: "unbounded", discard: true }
      )
      for (const orgId of [acme, globex]) {
        deepStrictEqual(yield* check(orgId), { orgId, entries: 25 * some.length, flaw: Option.none() })
      }
    }).pipe(Effect.provide(Stored)))

  it.effect("that is longer than what is read at a time is followed to its end", () =>
    Effect.gen(function*() {
      const [one] = FastCheck.sample(Arbitrary.make(AuditEntry), 1)
      if (one === undefined) return assert.fail()
      yield* append(acme, Array.from({ length: 1203 }, () => one))
      assert.strictEqual((yield* check(acme)).entries, 1203)
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE audit_log SET status = status + 1 WHERE org_id = ${acme} AND number = 1100`
      assert.strictEqual(yield* flawIn(acme), 1100)
    }).pipe(Effect.provide(Stored)))

  it.effect("is begun by who begins, and only continued by others", () =>
    Effect.gen(function*() {
      const repo = yield* AuditRepo
      const [sample] = FastCheck.sample(Arbitrary.make(AuditEntry), 1)
      if (sample === undefined) return assert.fail()
      const entry = new AuditEntry({ ...sample, orgId: acme })
      deepStrictEqual(yield* repo.append([{ entry, begins: false }]), [{ entry, begins: false }])
      assert.isTrue(Option.isNone(yield* repo.head(acme)))
      deepStrictEqual(yield* repo.append([{ entry, begins: true }]), [])
      deepStrictEqual(yield* repo.append([{ entry, begins: false }]), [])
      assert.strictEqual((yield* check(acme)).entries, 2)
    }).pipe(Effect.provide(Stored)))
})
