import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import { CopyRefused } from "./source.ts"
import { type Key, type Row, type Table, withoutNul } from "./tables.ts"
import { isUnfinished, unfinished } from "./unfinished.ts"

/** How far the copy of a table has come. */
export interface Progress {
  readonly after: Option.Option<Key>
  readonly finished: boolean
}

const StoredKey = Schema.parseJson(Schema.Array(Schema.Union(Schema.String, Schema.Number, Schema.Null)))

const refused = (message: string) => new CopyRefused({ message })

const isEmpty = (sql: SqlClient.SqlClient, { name }: Table) =>
  Effect.gen(function*() {
    const [there] = yield* sql<{ place: string | null }>`SELECT to_regclass(${name})::text AS place`
    if (there?.place === null) return true
    const rows = yield* sql`SELECT 1 FROM ${sql(name)} LIMIT 1`
    return rows.length === 0
  })

/** A service that runs would answer from half of the data, and send what it found due. */
const unused = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const others = yield* sql`
      SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'integrations-api' LIMIT 1`
    if (others.length > 0) return yield* refused("A service is connected to the target: stop it first")
  })

/** Before anything is written: it is this installation's own unfinished copy, or there is nothing in it. */
export const admit = (sql: SqlClient.SqlClient, tables: ReadonlyArray<Table>, identity: string) =>
  Effect.gen(function*() {
    yield* unused(sql)
    if (yield* isUnfinished(sql)) {
      const [owner] = yield* sql<{ last_key: string }>`
        SELECT last_key FROM ${sql(unfinished)} WHERE table_name = ''`
      if (owner?.last_key === identity) return
      return yield* refused("The target holds an unfinished copy of another installation: empty it first")
    }
    const full = yield* Effect.filter(tables, (table) => Effect.map(isEmpty(sql, table), (empty) => !empty))
    if (full.length > 0) {
      return yield* refused(`The target is not empty: ${full.map(({ name }) => name).join(", ")}`)
    }
  })

/** Once the tables are there. */
export const begin = (sql: SqlClient.SqlClient, identity: string) =>
  Effect.zipRight(
    sql`CREATE TABLE IF NOT EXISTS ${sql(unfinished)} (
      table_name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
      last_key TEXT,
      finished INTEGER NOT NULL
    )`,
    sql`INSERT INTO ${sql(unfinished)} (table_name, last_key, finished) VALUES ('', ${identity}, 0)
        ON CONFLICT (table_name) DO NOTHING`
  )

export const progressOf = (sql: SqlClient.SqlClient, { name }: Table) =>
  Effect.gen(function*() {
    const [row] = yield* sql<{ last_key: string | null; finished: number }>`
      SELECT last_key, finished FROM ${sql(unfinished)} WHERE table_name = ${name}`
    const last = Option.fromNullable(row?.last_key)
    return {
      after: yield* Effect.orDie(Effect.transposeOption(Option.map(last, Schema.decode(StoredKey)))),
      finished: row?.finished === 1
    } satisfies Progress
  })

const note = (sql: SqlClient.SqlClient, { name }: Table, lastKey: string | null, finished: number) =>
  sql`INSERT INTO ${sql(unfinished)} (table_name, last_key, finished) VALUES (${name}, ${lastKey}, ${finished})
      ON CONFLICT (table_name) DO UPDATE SET
        last_key = COALESCE(excluded.last_key, ${sql(unfinished)}.last_key), finished = excluded.finished`

/** Rows and how far they go, in one transaction: whoever goes on after a kill finds both or neither. */
export const write = (sql: SqlClient.SqlClient, table: Table, rows: ReadonlyArray<Row>, last: Key) =>
  sql.withTransaction(Effect.gen(function*() {
    const clean = rows.map((row) =>
      Object.fromEntries(table.columns.map((column) => [column, withoutNul(row[column] ?? null)]))
    )
    yield* sql`INSERT INTO ${sql(table.name)} ${sql.insert(clean)}`
    yield* note(sql, table, yield* Effect.orDie(Schema.encode(StoredKey)(last)), 0)
  }))

export const finishTable = (sql: SqlClient.SqlClient, table: Table) => note(sql, table, null, 1)

export const finish = (sql: SqlClient.SqlClient) => sql`DROP TABLE ${sql(unfinished)}`
