import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Context, Effect, Exit, Layer } from "effect"
import { join } from "node:path"
import { makeGroupCommit } from "../../src/persistence/groupCommit.ts"
import { atomically } from "../../src/persistence/transaction.ts"
import { stored, temporary } from "../fakes/Storage.ts"

/** As another process has one. */
const client = (filename: string) =>
  Effect.map(Layer.build(Layer.fresh(stored(filename))), Context.get(SqlClient.SqlClient))

/** A client, somebody who sees only what is committed, and a table whose rows may point to others. */
const world = Effect.gen(function*() {
  const filename = join(yield* temporary, "integrations.db")
  const [sql, other] = [yield* client(filename), yield* client(filename)]
  yield* sql`CREATE TABLE pages (id INTEGER PRIMARY KEY, filling TEXT, before INTEGER REFERENCES pages (id))`
  const transaction = makeGroupCommit(sql)
  const write = (id: number, filling = "") => sql`INSERT INTO pages (id, filling) VALUES (${id}, ${filling})`
  const seen = Effect.map(
    other<{ readonly id: number }>`SELECT id FROM pages ORDER BY id`,
    (rows) => rows.map(({ id }) => id)
  )
  return { sql, transaction, write, seen }
})

const atOnce = { concurrency: "unbounded" } as const

describe("transactions that come at the same time", () => {
  it.scoped("share a commit: when the first has ended, all are on disk", () =>
    Effect.gen(function*() {
      const { seen, transaction, write } = yield* world
      const found = yield* Effect.forEach([1, 2, 3], (id) => Effect.zipRight(transaction(write(id)), seen), atOnce)
      assert.deepStrictEqual(found, [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    }))

  it.scoped("are on disk when they have ended, however many there are", () =>
    Effect.gen(function*() {
      const { seen, transaction, write } = yield* world
      const ids = Array.range(1, 200)
      yield* Effect.forEach(ids, (id) =>
        Effect.gen(function*() {
          yield* transaction(write(id))
          assert.include(yield* seen, id)
        }), atOnce)
      assert.deepStrictEqual(yield* seen, ids)
    }))

  it.scoped("are each all or nothing: what one fails at is not the others'", () =>
    Effect.gen(function*() {
      const { seen, transaction, write } = yield* world
      const exits = yield* Effect.forEach(
        Array.range(1, 40),
        (id) =>
          Effect.exit(transaction(Effect.zipRight(write(id), id % 3 === 0 ? Effect.fail(`not ${id}`) : Effect.void))),
        atOnce
      )
      assert.deepStrictEqual(
        exits.map((exit) => Exit.isSuccess(exit)),
        Array.range(1, 40).map((id) => id % 3 !== 0)
      )
      assert.deepStrictEqual(exits[2], Exit.fail("not 3"))
      assert.deepStrictEqual(yield* seen, Array.range(1, 40).filter((id) => id % 3 !== 0))
    }))

  it.scoped("fail each for itself, also where what fails is the commit, and the next ones go on", () =>
    Effect.gen(function*() {
      const { seen, sql, transaction, write } = yield* world
      const dangling = Effect.zipRight(
        sql`PRAGMA defer_foreign_keys = ON`,
        sql`INSERT INTO pages (id, before) VALUES (2, 99)`
      )
      const exits = yield* Effect.forEach(
        [write(1), dangling, write(3)],
        (one) => Effect.exit(transaction(one)),
        atOnce
      )
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
      assert.deepStrictEqual(yield* seen, [1, 3])
      yield* transaction(write(4))
      assert.deepStrictEqual(yield* seen, [1, 3, 4])
    }))

  it.scoped("tell who is on disk and who is not when the disk is full", () =>
    Effect.gen(function*() {
      const { seen, sql, transaction, write } = yield* world
      const [{ page_count: pages = 0 } = {}] = yield* sql<{ readonly page_count?: number }>`PRAGMA page_count`
        .pipe(Effect.map((rows) => rows.map((row) => ({ page_count: Number(Object.values(row)[0]) }))))
      yield* sql`PRAGMA max_page_count = ${sql.literal(String(pages + 60))}`
      const ids = Array.range(1, 100)
      const exits = yield* Effect.forEach(ids, (id) =>
        // Some are small enough to be written where others were not.
        Effect.exit(transaction(Effect.zipRight(write(id, "x".repeat(id % 4 === 0 ? 10 : 9000)), write(-id)))), atOnce)
      const kept = ids.filter((_, index) => exits[index]?._tag === "Success")
      assert.isAbove(kept.length, 0)
      assert.isBelow(kept.length, 100)
      assert.deepStrictEqual(yield* seen, [...kept.map((id) => -id).toReversed(), ...kept])
    }))

  it.scoped("are within another one what it is", () =>
    Effect.gen(function*() {
      const { seen, sql, transaction, write } = yield* world
      yield* Effect.exit(atomically(sql)(Effect.zipRight(transaction(write(1)), Effect.fail("no"))))
      assert.deepStrictEqual(yield* seen, [])
      yield* atomically(sql)(transaction(write(2)))
      assert.deepStrictEqual(yield* seen, [2])
    }))
})
