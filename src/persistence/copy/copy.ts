import type { SqlError } from "@effect/sql"
import { Cause, Effect, Option } from "effect"
import type { DatabaseServer } from "../location.ts"
import { maintenance } from "../postgres/Postgres.ts"
import { examined, migrated } from "../postgres/prepare.ts"
import { type DatabaseRefused, refusedAs } from "../postgres/refusals.ts"
import { CopyRefused, openSource, type Source } from "./source.ts"
import { type Digest, digestOf, forEachBatch, type Table } from "./tables.ts"
import { admit, begin, finish, finishTable, progressOf, write } from "./target.ts"

/** A table that has arrived: both sides hold the same. */
export interface Copied extends Digest {
  readonly table: string
}

const differs = (table: string, source: Digest, target: Digest) =>
  new CopyRefused({
    message: `The copy of ${table} differs: ${source.rows} rows in the source and ${target.rows} in the target` +
      (source.rows === target.rows ? " with other contents" : "") +
      "; the source has changed since the copy began: empty the target and start again"
  })

/**
 * Copies an installation from a SQLite file to an empty PostgreSQL database, table by table, and then compares all of it.
 * It goes on where it was when it was ended. What is encrypted stays so, under the same keys.
 */
export const copyToPostgres = (
  file: string,
  server: DatabaseServer,
  tell: (copied: Copied) => Effect.Effect<void> = () => Effect.void
) =>
  Effect.gen(function*() {
    const source: Source = yield* openSource(file)
    const client = yield* maintenance(server)
    const sql = client.withoutTransforms()
    yield* examined(client)
    yield* migrated<CopyRefused | SqlError.SqlError>(client, {
      before: admit(sql, source.tables, source.identity),
      after: begin(sql, source.identity)
    })

    const copied = Effect.fnUntraced(function*(table: Table) {
      const { after, finished } = yield* progressOf(sql, table)
      if (finished) return
      yield* forEachBatch(source.sql, table, after, (rows, last) => write(sql, table, rows, last))
      yield* finishTable(sql, table)
    })

    const compared = Effect.fnUntraced(function*(table: Table) {
      const ours = yield* digestOf(source.sql, table)
      const theirs = yield* digestOf(sql, table)
      if (ours.sha256 !== theirs.sha256) return yield* differs(table.name, ours, theirs)
      yield* tell({ table: table.name, ...theirs })
      return { table: table.name, ...theirs } satisfies Copied
    })

    yield* Effect.forEach(source.tables, copied, { discard: true })
    const all = yield* Effect.forEach(source.tables, compared)
    yield* finish(sql)
    return all
  }).pipe(
    Effect.scoped,
    Effect.catchAllCause((cause): Effect.Effect<never, CopyRefused | DatabaseRefused> => {
      const failure = Option.getOrUndefined(Cause.failureOption(cause))
      return failure instanceof CopyRefused ? failure : Effect.failCause(refusedAs(server, cause))
    })
  )
