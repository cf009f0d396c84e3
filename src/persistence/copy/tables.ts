import type { SqlClient, SqlError } from "@effect/sql"
import { Effect, Option } from "effect"
import { createHash } from "node:crypto"

/** A table as both databases have it. */
export interface Table {
  readonly name: string
  readonly columns: ReadonlyArray<string>
  /** Of the primary key, in its order. */
  readonly key: ReadonlyArray<string>
}

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>
/** The values of a row's key. */
export type Key = ReadonlyArray<Value>

/** How many rows are held in memory and written in one go: a row has up to a megabyte. */
const batch = 100

export const keyOf = ({ key }: Table, row: Row): Key => key.map((column) => row[column] ?? null)

/** The rows that come after a key, in the key's order, which is that of bytes on either database. */
export const rowsAfter = (sql: SqlClient.SqlClient, { columns, key, name }: Table, after: Option.Option<Key>) =>
  sql<Record<string, Value>>`
    SELECT ${sql.csv(columns.map((column) => sql`${sql(column)}`))} FROM ${sql(name)}
    ${
    Option.match(after, {
      onNone: () => sql.literal(""),
      onSome: (values) =>
        sql`WHERE (${sql.csv(key.map((column) => sql`${sql(column)}`))}) > (${
          sql.csv(values.map((value) => sql`${value}`))
        })`
    })
  }
    ORDER BY ${sql.csv(key.map((column) => sql`${sql(column)}`))} LIMIT ${batch}`

/** Hands over a table batch by batch. */
export const forEachBatch = <E, R>(
  sql: SqlClient.SqlClient,
  table: Table,
  after: Option.Option<Key>,
  use: (rows: ReadonlyArray<Row>, last: Key) => Effect.Effect<unknown, E, R>
): Effect.Effect<void, E | SqlError.SqlError, R> =>
  Effect.iterate({ after, more: true }, {
    while: ({ more }) => more,
    body: ({ after }) =>
      Effect.gen(function*() {
        const rows = yield* rowsAfter(sql, table, after)
        const end = rows.at(-1)
        if (end === undefined) return { after, more: false }
        const last = keyOf(table, end)
        yield* use(rows, last)
        return { after: Option.some(last), more: rows.length === batch }
      })
  })

/** PostgreSQL has no NUL in its text. */
export const withoutNul = (value: Value): Value => typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value

export interface Digest {
  readonly rows: number
  readonly sha256: string
}

/** What a table holds, the same on either database. */
export const digestOf = (sql: SqlClient.SqlClient, table: Table): Effect.Effect<Digest, SqlError.SqlError> =>
  Effect.gen(function*() {
    const hash = createHash("sha256")
    let count = 0
    yield* forEachBatch(sql, table, Option.none(), (rows) =>
      Effect.sync(() => {
        count += rows.length
        for (const row of rows) {
          hash.update(`${JSON.stringify(table.columns.map((column) => withoutNul(row[column] ?? null)))}\n`)
        }
      }))
    return { rows: count, sha256: hash.digest("hex") }
  })
