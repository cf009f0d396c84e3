import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { ConfigProvider, DateTime, Effect, Either, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { migrations } from "../../src/persistence/migrations.ts"
import { databaseLocation } from "../../src/persistence/Sql.ts"
import { acme, Memory, stored, temporary } from "../fakes/Storage.ts"

const sql = SqlClient.SqlClient
const applied = Effect.flatMap(
  sql,
  (sql) =>
    sql<
      { migrationId: number; name: string; createdAt: string }
    >`SELECT * FROM effect_sql_migrations ORDER BY migration_id`
)
const schema = Effect.flatMap(
  sql,
  (sql) => sql<{ name: string; sql: string }>`SELECT name, sql FROM sqlite_master ORDER BY name`
)
const pragmas = Effect.gen(function*() {
  const client = yield* sql
  const [row] = yield* client`SELECT
    (SELECT journal_mode FROM pragma_journal_mode) AS journal,
    (SELECT synchronous FROM pragma_synchronous) AS synchronous,
    (SELECT foreign_keys FROM pragma_foreign_keys) AS foreign_keys,
    (SELECT timeout FROM pragma_busy_timeout) AS busy_timeout`
  return { ...row }
})

const database = Effect.map(temporary, (directory) => join(directory, "on", "the way", "integrations.db"))

describe("migrations", () => {
  it.effect("all that are listed are applied, in their order", () =>
    Effect.gen(function*() {
      deepStrictEqual(
        (yield* applied).map(({ migrationId, name }) => `${String(migrationId).padStart(4, "0")}_${name}`),
        Object.keys(migrations)
      )
    }).pipe(Effect.provide(Memory)))

  it("are named <number>_<what>, counted without gaps", () => {
    for (const [index, key] of Object.keys(migrations).entries()) {
      assert.match(key, /^\d{4}_[a-z_]+$/)
      assert.strictEqual(Number(key.slice(0, 4)), index + 1)
    }
  })

  it.scoped("do nothing when they run again", () =>
    Effect.gen(function*() {
      const filename = yield* database
      const state = Effect.all({ applied, schema }).pipe(Effect.provide(stored(filename)))
      const first = yield* state
      deepStrictEqual(yield* state, first)
    }))
})

describe("a database file", () => {
  it.scoped("is made with its directory, with WAL, and syncs at every commit", () =>
    Effect.gen(function*() {
      const filename = yield* database
      const found = yield* Effect.provide(pragmas, stored(filename))
      deepStrictEqual(found, { journal: "wal", synchronous: 2, foreignKeys: 1, busyTimeout: 5000 })
      assert.isTrue(existsSync(filename))
    }))

  it.scoped("keeps its data when it is opened again", () =>
    Effect.gen(function*() {
      const filename = yield* database
      const route = { eventType: "sentry.*", channel: "slack", channelId: "C0", projectId: null, enabled: true }
      const added = yield* Effect.flatMap(
        ChannelRoutesRepo,
        (repo) => repo.add(acme, route, DateTime.unsafeMake("2026-03-21T14:00:00Z"))
      ).pipe(Effect.provide(stored(filename)))
      const found = yield* Effect.flatMap(ChannelRoutesRepo, (repo) => repo.list(acme)).pipe(
        Effect.provide(stored(filename))
      )
      const { createdAt: _, orgId: __, ...listed } = added
      deepStrictEqual(found, [listed])
    }))

  it.scoped("takes writes of two processes at once", () =>
    Effect.gen(function*() {
      const filename = yield* database
      const add = Effect.flatMap(ChannelRoutesRepo, (repo) =>
        Effect.all(
          Array.from({ length: 25 }, (_, index) =>
            repo.add(
              acme,
              { eventType: "*", channel: "slack", channelId: `C${index}`, projectId: null, enabled: true },
              DateTime.unsafeMake(index)
            )),
          { concurrency: "unbounded" }
        ))
      yield* Effect.void.pipe(Effect.provide(stored(filename)))
      const both = yield* Effect.all([
        Effect.provide(add, Layer.fresh(stored(filename))),
        Effect.provide(add, Layer.fresh(stored(filename)))
      ], { concurrency: "unbounded" })
      const numbers = both.flat().map(({ number }) => number).toSorted((a, b) => a - b)
      deepStrictEqual(numbers, Array.from({ length: 50 }, (_, index) => index + 1))
    }))
})

describe("DATABASE_URL", () => {
  const located = (url?: string) =>
    Effect.either(databaseLocation).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(url === undefined ? [] : [["DATABASE_URL", url]])))
    )

  it.effect("is a file beside the service where nothing is said", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* located(), Either.right({ filename: "./data/integrations.db" }))
      deepStrictEqual(yield* located("file:/var/lib/x.db"), Either.right({ filename: "/var/lib/x.db" }))
      deepStrictEqual(yield* located("file::memory:"), Either.right({ filename: ":memory:" }))
    }))

  it.effect.each([
    "",
    "file:",
    "./data.db",
    "sqlite:x",
    "postgres://user:canary@db",
    "postgres:canary",
    "http://x/canary"
  ])(
    "is refused as %j, without showing it",
    (url) =>
      Effect.gen(function*() {
        const error = yield* Effect.flatMap(
          located(url),
          Either.match({
            onLeft: (error) => Effect.succeed(String(error)),
            onRight: () => Effect.dieMessage("It was taken")
          })
        )
        assert.include(error, "DATABASE_URL")
        assert.notInclude(error, "canary")
      })
  )
})
