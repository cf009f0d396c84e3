import type { SqlClient } from "@effect/sql"
import { type Cause, Effect } from "effect"

/**
 * SQLite begins a transaction that reads first as a reader, and refuses its writes at once if another process has
 * written meanwhile: a command line beside the service, say. As a writer from the beginning it waits for its turn.
 */
const beginAsWriter = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    sqlite: () => Effect.asVoid(sql`DELETE FROM storage_probe WHERE id < 0`),
    orElse: () => Effect.void
  })

/**
 * All or nothing, and the failure is the effect's own. SQLite has already rolled back by itself on some errors, such as
 * a full disk: the driver's rollback then fails too, and would be all that is heard of it.
 */
export const transaction = (sql: SqlClient.SqlClient) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let own: Cause.Cause<E> | undefined
    const watched = Effect.tapErrorCause(effect, (cause) => Effect.sync(() => void (own = cause)))
    return Effect.catchAllCause(
      sql.withTransaction(Effect.zipRight(beginAsWriter(sql), watched)),
      (cause) => own === undefined ? Effect.failCause(cause) : Effect.failCause(own)
    )
  })
