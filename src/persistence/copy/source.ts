import { Reactivity } from "@effect/experimental"
import { FileSystem } from "@effect/platform"
import type { SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Cause, Data, Effect } from "effect"
import { createHash } from "node:crypto"
import { migrations } from "../migrations.ts"
import { codeOf, codesIn } from "../sqlErrors.ts"
import type { Table } from "./tables.ts"

/** The copy is not made, and why: in one line for an operator. */
export class CopyRefused extends Data.TaggedError("CopyRefused")<{ readonly message: string }> {}

export interface Source {
  readonly sql: SqlClient.SqlClient
  readonly tables: ReadonlyArray<Table>
  /** The same for the same installation. */
  readonly identity: string
}

const refused = (message: string) => new CopyRefused({ message })

/**
 * Nobody else may have it open, nor open it until the copy has ended: what a service wrote meanwhile would be missing, and
 * the two would send the same messages.
 */
const takenFor = (sql: SqlClient.SqlClient, file: string) =>
  Effect.gen(function*() {
    yield* sql`PRAGMA busy_timeout = 0`
    yield* sql`PRAGMA locking_mode = EXCLUSIVE`
    yield* sql`BEGIN EXCLUSIVE`
    yield* sql`COMMIT`
  }).pipe(
    Effect.catchAllCause((cause) => {
      const [code = ""] = codesIn(cause)
      if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return refused(`${file} is in use: stop the service first`)
      if (code === "SQLITE_NOTADB") return refused(`${file} is no SQLite database`)
      return refused(`${file} cannot be read: ${code || Cause.pretty(cause).split("\n", 1)[0]}`)
    })
  )

/** Every migration that this version has, and no other. */
const upToDate = (sql: SqlClient.SqlClient, file: string) =>
  Effect.gen(function*() {
    const applied = yield* sql<{ migration_id: number; name: string; created_at: string }>`
      SELECT migration_id, name, created_at FROM effect_sql_migrations ORDER BY migration_id`.pipe(
      Effect.mapError(() => refused(`${file} holds no data of this service`))
    )
    const names = applied.map(({ migration_id, name }) => `${String(migration_id).padStart(4, "0")}_${name}`)
    const known = Object.keys(migrations)
    const unknown = names.filter((name) => !known.includes(name))
    if (unknown.length > 0) return yield* refused(`${file} is of a newer version than this program`)
    if (names.length < known.length) {
      return yield* refused(`${file} is of an older version: start this version of the service on it once, and stop it`)
    }
    return createHash("sha256").update(JSON.stringify(applied)).digest("hex")
  })

/** The service's own tables. What the cluster notes is of no use elsewhere: the sweep wakes whoever has work. */
const tablesOf = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const names = yield* sql<{ name: string }>`
      SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`
    const own = names.filter(({ name }) => !/^(sqlite_|effect_sql_|cluster_)/.test(name))
    return yield* Effect.forEach(own, ({ name }) =>
      Effect.map(
        sql<{ name: string; pk: number }>`SELECT name, pk FROM pragma_table_info(${name}) ORDER BY cid`,
        (columns): Table => ({
          name,
          columns: columns.map((column) => column.name),
          key: columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk).map((column) => column.name)
        })
      ))
  })

/** A SQLite file, for as long as the scope lasts nobody else's. */
export const openSource = (file: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* Effect.orElseSucceed(fs.exists(file), () => false))) return yield* refused(`There is no file ${file}`)
    const sql = yield* SqliteClient.make({ filename: file, disableWAL: true }).pipe(
      Effect.provide(Reactivity.layer),
      Effect.catchAllDefect((defect) => refused(`${file} cannot be opened: ${codeOf(defect)}`))
    )
    yield* takenFor(sql, file)
    const identity = yield* upToDate(sql, file)
    const tables = yield* Effect.orDie(tablesOf(sql))
    return { sql, tables, identity } satisfies Source
  })
