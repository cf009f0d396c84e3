import type { SqlClient, SqlConnection, SqlError } from "@effect/sql"
import { Deferred, Effect, Exit, Option, Scope } from "effect"
import { othersFirst } from "./othersFirst.ts"
import { begin, end, isWithin, on, transaction } from "./transaction.ts"

/** How many transactions share a commit at most. Nobody else has a turn meanwhile: this many take some milliseconds. */
const largestGroup = 32

/** Transactions that reach the disk together, or not at all. */
interface Group {
  readonly connection: SqlConnection.Connection
  readonly scope: Scope.CloseableScope
  /** Whether they have reached it. */
  readonly committed: Deferred.Deferred<boolean>
  size: number
}

/**
 * Like `transaction`, but on SQLite those that come at the same time share one commit, and with it one sync of the disk.
 * Each is still all or nothing for itself, and ends only once it is on disk.
 *
 * They run one after the other on the connection of their group. When one of them fails, or the commit does, all is
 * rolled back and each runs again alone: so an effect does nothing that a rollback does not undo, as on PostgreSQL.
 * Savepoints would spare the others that, and cost all of them a quarter of their time where nothing fails.
 *
 * On PostgreSQL, whose server groups commits by itself, it is `transaction`.
 */
export const makeGroupCommit = (sql: SqlClient.SqlClient) => {
  const waiting: Array<() => void> = []
  let busy = false
  let open: Option.Option<Group> = Option.none()

  const enter = Effect.async<void>((resume) => {
    if (busy) return void waiting.push(() => resume(Effect.void))
    busy = true
    resume(Effect.void)
  })

  const leave = Effect.sync(() => {
    const next = waiting.shift()
    if (next === undefined) busy = false
    else next()
  })

  const opened = Effect.gen(function*() {
    // Whoever asks at the same time is to be there when the group begins.
    yield* othersFirst
    const scope = yield* Scope.make()
    const connection = yield* Scope.extend(sql.reserve, scope)
    const group: Group = { connection, scope, committed: yield* Deferred.make<boolean>(), size: 0 }
    yield* Effect.onError(begin(connection), (cause) => Scope.close(scope, Exit.failCause(cause)))
    open = Option.some(group)
    return group
  })

  const close = ({ committed, connection, scope }: Group, well: boolean) =>
    Effect.gen(function*() {
      open = Option.none()
      const exit = yield* Effect.exit(end(connection, well))
      yield* Scope.close(scope, exit)
      yield* Deferred.succeed(committed, well && Exit.isSuccess(exit))
    })

  const member = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const group = Option.isSome(open) ? open.value : yield* opened
      group.size++
      const exit = yield* Effect.exit(on(group.connection)(effect))
      const well = Exit.isSuccess(exit)
      if (!well || waiting.length === 0 || group.size >= largestGroup) yield* close(group, well)
      return { exit, group } as const
    }).pipe(Effect.ensuring(leave))

  const grouped = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
    Effect.uninterruptible(
      Effect.zipRight(enter, member(effect)).pipe(
        Effect.flatMap(({ exit, group }) =>
          Effect.flatMap(Deferred.await(group.committed), (committed) => {
            // Alone it has failed by itself.
            const settled = committed || group.size === 1 && Exit.isFailure(exit)
            return settled ? exit : transaction(sql)(effect)
          })
        )
      )
    )

  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
    sql.onDialectOrElse({
      // Within another transaction it is on disk with that one.
      sqlite: () => Effect.flatMap(isWithin, (within) => within ? transaction(sql)(effect) : grouped(effect)),
      orElse: () => transaction(sql)(effect)
    })
}
