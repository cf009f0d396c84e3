import { SqlClient } from "@effect/sql"
import { type Cause, Effect, Option } from "effect"
import { codesIn } from "./sqlErrors.ts"

/** A deadlock that PostgreSQL has ended, or a conflict with another transaction. Whoever is told has changed nothing. */
const conflicts = new Set(["40P01", "40001"])

const isConflict = (cause: Cause.Cause<unknown>): boolean => codesIn(cause).some((code) => conflicts.has(code))

/** A transaction that loses this often meets more than bad luck. */
const attempts = 5

/**
 * All or nothing, and the failure is the effect's own. SQLite has already rolled back by itself on some errors, such as
 * a full disk: the driver's rollback then fails too, and would be all that is heard of it.
 *
 * On PostgreSQL the effect runs again when its transaction has lost against another one, so it does nothing that a
 * rollback does not undo.
 */
export const transaction = (sql: SqlClient.SqlClient) => <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const once = Effect.suspend(() => {
    let own: Cause.Cause<E> | undefined
    const watched = Effect.tapErrorCause(effect, (cause) => Effect.sync(() => void (own = cause)))
    return Effect.catchAllCause(
      sql.withTransaction(watched),
      (cause) => own === undefined ? Effect.failCause(cause) : Effect.failCause(own)
    )
  })
  const again = Effect.sandbox(once).pipe(
    Effect.retry({ times: attempts - 1, while: isConflict }),
    Effect.unsandbox
  )
  return sql.onDialectOrElse({
    // Within another transaction there is only all of that one to do again.
    pg: () =>
      Effect.flatMap(
        Effect.serviceOption(SqlClient.TransactionConnection),
        Option.match({
          onNone: () => again,
          onSome: () => once
        })
      ),
    orElse: () => once
  })
}
