import { Migrator, SqlClient, type SqlError } from "@effect/sql"
import { Clock, Duration, Effect, Record } from "effect"
import { isUnfinished } from "../copy/unfinished.ts"
import { migrations } from "../migrations.ts"
import { alone } from "./alone.ts"
import { bytewise } from "./bytewise.ts"
import { DatabaseRefused } from "./refusals.ts"

/** Of the oldest version that gives 64-bit transaction ids, which `bytewise` uses; 12 has had no fixes since 2024. */
const oldest = 130000

interface Facts {
  readonly number: string
  readonly version: string
  readonly encoding: string
  readonly isolation: string
  readonly schema: string | null
  readonly commit: string
  readonly nowMs: number
}

/** What the clocks of a machine and its database may differ by: more than the answer takes. */
const inStep = Duration.seconds(2)

/** Whether the database will do. */
export const examined = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const [facts] = yield* sql<Facts>`
    SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
      current_setting('server_encoding') AS encoding, current_setting('default_transaction_isolation') AS isolation,
      current_schema()::text AS schema, current_setting('synchronous_commit') AS commit,
      (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now_ms`
  const aheadMs = (yield* Clock.currentTimeMillis) - (facts?.nowMs ?? 0)
  if (facts === undefined) return yield* new DatabaseRefused({ message: "The database does not say what it is" })
  const { commit, encoding, isolation, number, schema, version } = facts
  if (Number(number) < oldest) {
    const message = `The database is PostgreSQL ${version}: version ${oldest / 10_000} or newer is needed`
    return yield* new DatabaseRefused({ message })
  }
  if (encoding !== "UTF8") {
    return yield* new DatabaseRefused({ message: `The database's encoding is ${encoding}: UTF8 is needed` })
  }
  if (isolation !== "read committed") {
    const message = `default_transaction_isolation is ${isolation}: read committed is needed`
    return yield* new DatabaseRefused({ message })
  }
  if (schema === null) {
    return yield* new DatabaseRefused({ message: "No schema of the search_path exists, or its use is not granted" })
  }
  if (Math.abs(aheadMs) > Duration.toMillis(inStep)) {
    yield* Effect.logWarning(
      `This machine's clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? "ahead of" : "behind"} the ` +
        "database's: destinations that change hands are sent to later, or too early"
    )
  }
  if (commit === "off") {
    yield* Effect.logWarning("synchronous_commit is off: what was answered with success is lost if PostgreSQL crashes")
  }
})

type Migration = Effect.Effect<unknown, SqlError.SqlError, SqlClient.SqlClient>
const all: Record.ReadonlyRecord<string, Migration> = migrations
const loader = Migrator.fromRecord(Record.map(all, (migration) => Effect.zipLeft(migration, bytewise)))

/**
 * Brings the schema up to date. Processes that start at the same time migrate one after the other: what the first has
 * done, the others find done.
 */
export const migrated = <E>(sql: SqlClient.SqlClient, around: {
  readonly before: Effect.Effect<unknown, E>
  readonly after?: Effect.Effect<unknown, E>
}) =>
  around.before.pipe(
    Effect.zipRight(Migrator.make({})({ loader })),
    Effect.zipRight(around.after ?? Effect.void),
    alone(sql, "migrations"),
    Effect.provideService(SqlClient.SqlClient, sql)
  )

const whole = (sql: SqlClient.SqlClient) =>
  Effect.filterOrFail(isUnfinished(sql), (unfinished) => !unfinished, () =>
    new DatabaseRefused({
      message: "The database holds an unfinished copy of a SQLite file: finish it with npm run migrate:to-postgres"
    }))

/** Whether the database will do, and its schema up to date. */
export const prepare = (sql: SqlClient.SqlClient) =>
  Effect.zipRight(examined(sql), migrated<SqlError.SqlError | DatabaseRefused>(sql, { before: whole(sql) }))
