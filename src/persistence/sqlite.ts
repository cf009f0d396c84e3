import { Reactivity } from "@effect/experimental"
import { SqlClient, type SqlConnection, type SqlError, Statement } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Context, Effect, Effectable, FiberRef, Layer, Option, Scope, String } from "effect"
import type { DatabaseFile } from "./location.ts"

const transformRows = Statement.defaultTransforms(String.snakeToCamel).array

/** The only connection, and whose it is: a transaction's, as long as one is under way. */
const makeTurns = (connection: SqlConnection.Connection) => {
  const turns = Effect.unsafeMakeSemaphore(1)
  let taken = false
  const giveBack = Effect.zipRight(Effect.sync(() => void (taken = false)), turns.release(1))
  return {
    isFree: () => !taken,
    /** When no transaction is under way. */
    acquirer: turns.withPermits(1)(Effect.succeed(connection)),
    /** For a transaction, until the scope ends. */
    transactionAcquirer: Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        restore(turns.take(1)),
        Effect.flatMap(Effect.scope, (scope) => {
          taken = true
          return Effect.as(Scope.addFinalizer(scope, giveBack), connection)
        })
      )
    )
  }
}

/**
 * A statement that goes to the connection at once where it can and nobody traces. The platform's own way leads through a
 * span and a scope for each, which cost twice as much as what SQLite has to do.
 */
class Direct<A> extends Effectable.Class<ReadonlyArray<A>, SqlError.SqlError> implements Statement.Statement<A> {
  readonly #usual: Statement.Statement<A>
  readonly #connection: SqlConnection.Connection
  readonly #isFree: () => boolean
  constructor(usual: Statement.Statement<A>, connection: SqlConnection.Connection, isFree: () => boolean) {
    super()
    this.#usual = usual
    this.#connection = connection
    this.#isFree = isFree
  }
  get segments() {
    return this.#usual.segments
  }
  compile(withoutTransform?: boolean) {
    return this.#usual.compile(withoutTransform)
  }
  get [Statement.FragmentId]() {
    return this.#usual[Statement.FragmentId]
  }
  commit(): Effect.Effect<ReadonlyArray<A>, SqlError.SqlError> {
    return Effect.withFiberRuntime((fiber) => {
      if (fiber.getFiberRef(FiberRef.currentTracerEnabled)) return this.#usual
      const own = Context.getOption(fiber.currentContext, SqlClient.TransactionConnection)
      if (Option.isNone(own) && !this.#isFree()) return this.#usual
      const [sql, params] = this.#usual.compile()
      return (Option.isSome(own) ? own.value[0] : this.#connection).execute(sql, params, transformRows)
    })
  }
  get raw() {
    return this.#usual.raw
  }
  get values() {
    return this.#usual.values
  }
  get stream() {
    return this.#usual.stream
  }
  get unprepared() {
    return this.#usual.unprepared
  }
  get withoutTransform() {
    return this.#usual.withoutTransform
  }
}

/** A client of the file whose statements are direct. */
export const layer = ({ filename }: DatabaseFile) =>
  Layer.scoped(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const platform = yield* SqliteClient.make({ filename })
      const connection = yield* Effect.scoped(platform.reserve)
      const { isFree, ...acquirers } = makeTurns(connection)
      const client = yield* SqlClient.make({
        ...acquirers,
        compiler: Statement.makeCompilerSqlite(String.camelToSnake),
        transformRows,
        spanAttributes: [["db.system.name", "sqlite"]]
      })
      return new Proxy(client, {
        apply: (target, self, args) => {
          const made: Statement.Statement<object> | Statement.Identifier = Reflect.apply(target, self, args)
          return "segments" in made ? new Direct(made, connection, isFree) : made
        }
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))
