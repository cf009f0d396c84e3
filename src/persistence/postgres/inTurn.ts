import { Reactivity } from "@effect/experimental"
import { SqlClient, type SqlConnection } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"

/** One statement after the other, whoever asks: the driver is to give up queuing them by itself. */
const oneByOne = (connection: SqlConnection.Connection) =>
  Effect.map(Effect.makeSemaphore(1), (turn): SqlConnection.Connection => {
    const next = turn.withPermits(1)
    return {
      execute: (...args) => next(connection.execute(...args)),
      executeRaw: (...args) => next(connection.executeRaw(...args)),
      executeValues: (...args) => next(connection.executeValues(...args)),
      executeUnprepared: (...args) => next(connection.executeUnprepared(...args)),
      executeStream: (...args) => connection.executeStream(...args)
    }
  })

/**
 * The same PostgreSQL for whoever reserves a connection and uses it from several fibers, as the cluster does with the one
 * for its locks.
 */
export const inTurn = Layer.effect(
  SqlClient.SqlClient,
  Effect.flatMap(SqlClient.SqlClient, ({ reserve }) => {
    // Whoever gives up waiting for a connection that comes later would never give it back.
    const whole = Effect.uninterruptible(reserve)
    return SqlClient.make({
      acquirer: whole,
      transactionAcquirer: Effect.flatMap(whole, oneByOne),
      compiler: PgClient.makeCompiler(),
      spanAttributes: []
    })
  })
).pipe(Layer.provide(Reactivity.layer))
