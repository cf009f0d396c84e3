import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { layer } from "../../src/persistence/sqlite.ts"
import { atomically } from "../../src/persistence/transaction.ts"
import { turns } from "../fakes/turns.ts"

/** A table in memory, and statements as they run in production without an exporter. */
const untraced = <A, E>(test: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE pages (id INTEGER PRIMARY KEY, page_title TEXT)`
    return yield* test(sql)
  }).pipe(Effect.withTracerEnabled(false), Effect.provide(Layer.fresh(layer({ filename: ":memory:" }))))

const write = (sql: SqlClient.SqlClient, id: number) =>
  sql`INSERT INTO pages ${sql.insert({ id, pageTitle: `p${id}` })}`
const count = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ readonly count: number }>`SELECT COUNT(*) AS count FROM pages`, ([row]) => row?.count)

/** Writes a page, and rolls back once it may. */
const undone = (sql: SqlClient.SqlClient, within: typeof sql.withTransaction) =>
  Effect.gen(function*() {
    const written = yield* Deferred.make<void>()
    const mayEnd = yield* Deferred.make<void>()
    const fiber = yield* Effect.fork(within(Effect.all([
      write(sql, 1),
      Deferred.succeed(written, undefined),
      Deferred.await(mayEnd),
      Effect.fail("undone")
    ])))
    yield* Deferred.await(written)
    return Effect.zipRight(Deferred.succeed(mayEnd, undefined), Fiber.await(fiber))
  })

describe("a statement that nobody traces", () => {
  it.effect("takes and gives names as others do", () =>
    untraced((sql) =>
      Effect.gen(function*() {
        yield* write(sql, 1)
        const first = sql`id = ${1}`
        assert.deepStrictEqual(yield* sql`SELECT * FROM ${sql("pages")} WHERE ${first}`, [{ id: 1, pageTitle: "p1" }])
        assert.deepStrictEqual(yield* sql`SELECT page_title FROM pages WHERE ${first}`.values, [["p1"]])
        assert.deepStrictEqual(yield* sql`SELECT page_title FROM pages WHERE ${first}`.withoutTransform, [
          { page_title: "p1" }
        ])
      })
    ))

  it.effect("fails as others do", () =>
    untraced((sql) =>
      Effect.gen(function*() {
        yield* write(sql, 1)
        const again = yield* Effect.flip(write(sql, 1))
        assert.strictEqual(again._tag, "SqlError")
        assert.strictEqual((yield* Effect.flip(sql`SELECT * FROM nothing`))._tag, "SqlError")
      })
    ))

  for (const [name, within] of [["the platform's", undefined], ["our own", atomically]] as const) {
    it.effect(`waits while a transaction of somebody else is under way: ${name}`, () =>
      untraced((sql) =>
        Effect.gen(function*() {
          const rollBack = yield* undone(sql, within?.(sql) ?? sql.withTransaction)
          const counted = yield* Effect.fork(count(sql))
          yield* turns(5)
          assert.isTrue(Option.isNone(yield* Fiber.poll(counted)))
          yield* rollBack
          assert.strictEqual(yield* Fiber.join(counted), 0)
        })
      ))
  }

  it.effect("sees what its own transaction has written", () =>
    untraced((sql) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* sql.withTransaction(Effect.zipRight(write(sql, 1), count(sql))), 1)
        assert.strictEqual(yield* atomically(sql)(Effect.zipRight(write(sql, 2), count(sql))), 2)
      })
    ))
})
