import type { SqlClient, SqlError } from "@effect/sql"
import { type Cause, Context, Effect } from "effect"

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
      return effect.pipe(
        Effect.provideService(AwaitingCommit, awaiting),
        transaction(sql),
        Effect.tap(() => Effect.all(awaiting, { discard: true })),
        Effect.uninterruptible
      )
    })
