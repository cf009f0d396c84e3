import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, Effect, Layer, Logger, TestClock } from "effect"
import { migrations } from "../../src/persistence/migrations.ts"
import { DatabaseRefused } from "../../src/persistence/postgres/refusals.ts"
import { layerServer } from "../../src/persistence/Sql.ts"
import { oldServer } from "./oldServer.ts"
import { administer, ownServer, settingsOf } from "./own.ts"
import type { Server } from "./server.ts"

class Postgres extends Context.Tag("test/Postgres")<Postgres, Server>() {}

/** Databases and roles, each with something the matter. */
const Prepared = Layer.scoped(
  Postgres,
  Effect.tap(ownServer, ({ url }) =>
    administer(
      url,
      "CREATE ROLE locked LOGIN PASSWORD 'right'",
      "CREATE ROLE barred LOGIN",
      "CREATE ROLE guest LOGIN",
      "CREATE ROLE queued LOGIN CONNECTION LIMIT 0",
      "CREATE DATABASE plain",
      "CREATE DATABASE several",
      "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc",
      "CREATE DATABASE serial",
      "ALTER DATABASE serial SET default_transaction_isolation = 'serializable'",
      "CREATE DATABASE standby",
      "ALTER DATABASE standby SET default_transaction_read_only = on",
      "CREATE DATABASE nowhere",
      "ALTER DATABASE nowhere SET search_path = missing"
    ))
)

/** What the operator is told who starts the service with this URL. */
const refusal = (url: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(Effect.scoped(Layer.build(layerServer(settingsOf(url)))))
    assert.instanceOf(error, DatabaseRefused)
    assert.notInclude(`${error.message}${JSON.stringify(error)}${error.stack}`, "canary")
    assert.notInclude(error.message, "\n")
    return error.message
  })

const place = (port: number) => `127.0.0.1:${port}`

layer(Prepared)("a start on PostgreSQL", (it) => {
  const cases: ReadonlyArray<
    readonly [what: string, url: (port: number) => string, told: (port: number) => string | RegExp]
  > = [
    [
      "that does not listen",
      () => "postgres://app:canary@127.0.0.1:1/alerts",
      () => "The database at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1"
    ],
    [
      "whose name nobody knows",
      () => "postgres://app:canary@db.invalid/alerts",
      () => /^The database at db\.invalid cannot be reached: getaddrinfo (ENOTFOUND|EAI_AGAIN) db\.invalid$/
    ],
    [
      "with the wrong password",
      (port) => `postgres://locked:canary@${place(port)}/plain`,
      () => "The database refuses the password of locked"
    ],
    [
      "without a password",
      (port) => `postgres://locked@${place(port)}/plain`,
      () => "The database asks for the password of locked, and DATABASE_URL has none"
    ],
    [
      "as a user that may not connect",
      (port) => `postgres://barred:canary@${place(port)}/plain`,
      () => /^The database does not let barred in: pg_hba.conf rejects connection for host "127.0.0.1", user "barred"/
    ],
    [
      "as a user that is not there",
      (port) => `postgres://nobody:canary@${place(port)}/plain`,
      () => "The database does not let nobody in: role \"nobody\" does not exist"
    ],
    [
      "with a database that is not there",
      (port) => `postgres://tests:canary@${place(port)}/absent`,
      (port) => `The database at ${place(port)} has no database absent: create it first`
    ],
    [
      "as a user that may not create tables",
      (port) => `postgres://guest:canary@${place(port)}/plain`,
      () => /^guest has not the privileges that are needed in plain: permission denied for schema public; it has to/
    ],
    [
      "that has no connection left",
      (port) => `postgres://queued:canary@${place(port)}/plain`,
      (port) => `The database at ${place(port)} takes no connection now: too many connections for role "queued"`
    ],
    [
      "without TLS where TLS is asked for",
      (port) => `postgres://tests:canary@${place(port)}/plain?sslmode=verify-full`,
      (port) => new RegExp(`^The database at ${place(port)} offers no TLS`)
    ],
    [
      "with a certificate that cannot be read",
      (port) => `postgres://tests:canary@${place(port)}/plain?sslmode=verify-full&sslrootcert=/absent.pem`,
      () => /^A file that DATABASE_URL names cannot be read: ENOENT.*\/absent\.pem/
    ],
    [
      "with TLS settings that contradict each other",
      (port) => `postgres://tests:canary@${place(port)}/plain?uselibpqcompat=true&sslmode=verify-ca`,
      (port) => new RegExp(`^The connection to the database at ${place(port)} is not safe: .*sslrootcert`)
    ],
    [
      "with another encoding",
      (port) => `postgres://tests:canary@${place(port)}/latin`,
      () => "The database's encoding is LATIN1: UTF8 is needed"
    ],
    [
      "with another isolation",
      (port) => `postgres://tests:canary@${place(port)}/serial`,
      () => "default_transaction_isolation is serializable: read committed is needed"
    ],
    [
      "that is read-only",
      (port) => `postgres://tests:canary@${place(port)}/standby`,
      (port) => `The database at ${place(port)} is read-only: it may be a standby`
    ],
    [
      "without a schema",
      (port) => `postgres://tests:canary@${place(port)}/nowhere`,
      () => "No schema of the search_path exists, or its use is not granted"
    ]
  ]

  it.effect.each(cases)("%s is refused in one line", ([, url, told]) =>
    Effect.gen(function*() {
      const { port } = yield* Postgres
      const shown = yield* refusal(url(port))
      const expected = told(port)
      if (typeof expected === "string") assert.strictEqual(shown, expected)
      else assert.match(shown, expected)
    }))

  it.scoped.each<readonly [number: string, version: string]>([["120022", "12.22"], ["90624", "9.6.24"]])(
    "of an old version is refused in one line (%s, %s)",
    ([number, version]) =>
      Effect.gen(function*() {
        const { port } = yield* oldServer(number, version)
        assert.strictEqual(
          yield* refusal(`postgres://app:canary@${place(port)}/alerts`),
          `The database is PostgreSQL ${version}: version 13 or newer is needed`
        )
      })
  )

  it.effect("of many processes at once migrates once, and later starts change nothing", () =>
    Effect.gen(function*() {
      const { port } = yield* Postgres
      const state = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`SELECT migration_id, created_at::text AS at FROM effect_sql_migrations ORDER BY migration_id`
      ).pipe(Effect.provide(layerServer(settingsOf(`postgres://tests@${place(port)}/several`))))
      const all = yield* Effect.all(Array.from({ length: 6 }, () => state), { concurrency: "unbounded" })
      for (const one of all) deepStrictEqual(one, all[0])
      assert.strictEqual(all[0]?.length, Object.keys(migrations).length)
      deepStrictEqual(yield* state, all[0])
    }))

  it.effect("warns where the machine's clock is not the database's, and only there", () =>
    Effect.gen(function*() {
      const { url } = yield* Postgres
      const at = new URL(url)
      at.pathname = "/plain"
      const warned: Array<string> = []
      const log = Logger.make(({ logLevel, message }) => {
        if (logLevel._tag === "Warning") warned.push(String(message))
      })
      const startAt = (ms: number) =>
        TestClock.setTime(ms).pipe(
          Effect.zipRight(Layer.build(layerServer(settingsOf(at.href)))),
          Effect.scoped,
          Effect.provide(Logger.add(log))
        )
      const now = yield* Effect.sync(() => Date.now())
      yield* startAt(now)
      assert.deepStrictEqual(warned, [])
      yield* startAt(now + 60_000)
      yield* startAt(now - 60_000)
      assert.lengthOf(warned, 2)
      assert.match(warned[0] ?? "", /^This machine's clock is (59|60|61) s ahead of the database's/)
      assert.match(warned[1] ?? "", /^This machine's clock is (59|60|61) s behind the database's/)
    }))
})
