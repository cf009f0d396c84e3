import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export interface ShardLock {
  readonly shardId: string
  /** Of the runner: `host:port`. */
  readonly address: string
  /** How long a lock lasts that nobody refreshes. */
  readonly expirySeconds: number
}

/**
 * The locks on shards that `@effect/cluster` keeps in its own table. Times are the database's: the clocks of processes
 * may differ.
 */
export class ShardLocksRepo extends Effect.Service<ShardLocksRepo>()("persistence/ShardLocksRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const alive = (seconds: number) =>
      sql.onDialectOrElse({
        pg: () => sql`acquired_at >= NOW() - make_interval(secs => ${seconds})`,
        orElse: () => sql`acquired_at >= datetime('now', ${`-${seconds} seconds`})`
      })

    /** Nobody else takes the lock until the transaction around it has ended. */
    const untilCommit = sql.onDialectOrElse({ pg: () => sql`FOR SHARE`, orElse: () => sql.literal("") })

    const held = ({ address, expirySeconds, shardId }: ShardLock) =>
      sql`SELECT shard_id FROM cluster_locks
          WHERE shard_id = ${shardId} AND address = ${address} AND ${alive(expirySeconds)} ${untilCommit}`

    return {
      /** In the transaction whose effects depend on it. */
      held: (lock: ShardLock) => Effect.orDie(Effect.map(held(lock), (rows) => rows.length > 0))
    } as const
  })
}) {}
