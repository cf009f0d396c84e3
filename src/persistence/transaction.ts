import { SqlClient, type SqlConnection, type SqlError } from "@effect/sql"
import { type Cause, Context, Effect, Exit, Option } from "effect"
import { traced } from "../observability/traced.ts"
import { codesIn } from "./sqlErrors.ts"

/** A deadlock that PostgreSQL has ended, or a conflict with another transaction. Whoever is told has changed nothing. */
const conflicts = new Set(["40P01", "40001"])

const isConflict = (cause: Cause.Cause<unknown>): boolean => codesIn(cause).some((code) => conflicts.has(code))

/** A transaction that loses this often meets more than bad luck. */
const attempts = 5

/** Whether the effect runs within a transaction. */
export const isWithin = Effect.map(Effect.serviceOption(SqlClient.TransactionConnection), Option.isSome)

/**
 * As a writer from the beginning: one that reads first would begin as a reader, and have its writes refused at once if
 * another process has written meanwhile, such as a command line. A writer waits for its turn.
 */
export const begin = (connection: SqlConnection.Connection) => connection.execute("BEGIN IMMEDIATE", [], undefined)

/**
 * Commits, or rolls back where something has failed or the commit does. SQLite has rolled back by itself on some errors,
 * such as a full disk: then there is nothing left to do so, which it says.
 */
export const end = (
  connection: SqlConnection.Connection,
  well: boolean
): Effect.Effect<void, SqlError.SqlError> => {
  const rollback = Effect.ignore(connection.execute("ROLLBACK", [], undefined))
  return well ? Effect.asVoid(Effect.onError(connection.execute("COMMIT", [], undefined), () => rollback)) : rollback
}

/** On its connection, outermost. */
export const on =
  (connection: SqlConnection.Connection) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, SqlClient.TransactionConnection, [connection, 0]).pipe(
      traced("sql.transaction", { kind: "client" })
    )

/** The platform's own leaves a transaction open whose commit fails: no other could begin on that connection again. */
const outermost = (sql: SqlClient.SqlClient) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const connection = yield* restore(sql.reserve)
      yield* begin(connection)
      const exit = yield* Effect.exit(restore(on(connection)(effect)))
      yield* end(connection, Exit.isSuccess(exit))
      return yield* exit
    }).pipe(Effect.scoped)
  )

/**
 * All or nothing, and the failure is the effect's own.
 *
 * On PostgreSQL the effect runs again when its transaction has lost against another one, so it does nothing that a
 * rollback does not undo.
 */
export const transaction = (sql: SqlClient.SqlClient) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R> => {
  /** What goes wrong with rolling back would otherwise be all that is heard. */
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
  // Within another transaction there is only all of that one to do again.
  return Effect.flatMap(
    isWithin,
    (within) => within ? once : sql.onDialectOrElse({ sqlite: () => outermost(sql)(effect), orElse: () => again })
  )
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
