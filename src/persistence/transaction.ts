import { SqlClient, type SqlError } from "@effect/sql"
import { type Cause, Context, Effect, Option } from "effect"
import { codesIn } from "./sqlErrors.ts"

/** A deadlock that PostgreSQL has ended, or a conflict with another transaction. Whoever is told has changed nothing. */
const conflicts = new Set(["40P01", "40001"])

const isConflict = (cause: Cause.Cause<unknown>): boolean => codesIn(cause).some((code) => conflicts.has(code))

/** A transaction that loses this often meets more than bad luck. */
const attempts = 5

/**
 * SQLite begins a transaction that reads first as a reader, and refuses its writes at once if another process has
 * written meanwhile: a command line beside the service, say. As a writer from the beginning it waits for its turn.
 */
const beginAsWriter = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    sqlite: () =>
      Effect.flatMap(
        Effect.serviceOption(SqlClient.TransactionConnection),
        Option.match({
          onNone: () => Effect.void,
          // Within another transaction it is one already.
          onSome: ([, depth]) => depth > 0 ? Effect.void : Effect.asVoid(sql`DELETE FROM storage_probe WHERE id < 0`)
        })
      ),
    orElse: () => Effect.void
  })

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
      sql.withTransaction(Effect.zipRight(beginAsWriter(sql), watched)),
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

/** What waits for the commit of the transaction around it; `null` where there is none that anybody waits for. */
class AwaitingCommit extends Context.Reference<AwaitingCommit>()("persistence/AwaitingCommit", {
  defaultValue: (): Array<Effect.Effect<void>> | null => null
}) {}

/**
 * What others may only hear of once it is on disk: done after the commit where `atomically` is around it, else at once.
 * It must not fail.
 */
export const afterCommit = (effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(
    AwaitingCommit,
    (awaiting) => awaiting === null ? effect : Effect.sync(() => void awaiting.push(effect))
  )

/** A transaction around whole operations, with transactions of their own: those tell the world by `afterCommit`. */
export const atomically =
  (sql: SqlClient.SqlClient) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
    Effect.suspend(() => {
      const awaiting: Array<Effect.Effect<void>> = []
      // What a transaction that is rolled back would have told is not told: it may run again.
      const anew = Effect.suspend(() => {
        awaiting.length = 0
        return effect
      })
      return anew.pipe(
        Effect.provideService(AwaitingCommit, awaiting),
        transaction(sql),
        Effect.tap(() => Effect.suspend(() => Effect.all(awaiting, { discard: true }))),
        Effect.uninterruptible
      )
    })
