import {
  ClusterError,
  EntityId,
  RunnerAddress,
  RunnerHealth,
  Runners,
  RunnerStorage,
  Sharding,
  ShardingConfig,
  SocketRunner,
  SqlMessageStorage,
  SqlRunnerStorage
} from "@effect/cluster"
import { NodeClusterSocket } from "@effect/platform-node"
import { RpcSerialization } from "@effect/rpc"
import { Config, ConfigError, Duration, Effect, Either, Fiber, Layer, Option, Schedule } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import { inTurn } from "../persistence/postgres/inTurn.ts"
import { ShardLocksRepo } from "../persistence/ShardLocksRepo.ts"
import { entityId, shardGroup } from "./DestinationEntity.ts"
import { Fence, lockExpiry } from "./Fence.ts"

/** Where the other processes reach this one. The port is for them alone: it asks nobody who he is. */
export const clusterAddress = Config.all({
  host: Config.string("CLUSTER_HOST").pipe(
    Config.withDefault("127.0.0.1"),
    Config.mapOrFail((host) =>
      host.trim() === ""
        ? Either.left(ConfigError.InvalidData(["CLUSTER_HOST"], "expected a host's name or address"))
        : Either.right(host)
    )
  ),
  port: Config.port("CLUSTER_PORT").pipe(Config.withDefault(34431))
})

/** What is being sent when destinations are handed over ends first: longer than a vendor call may take by default. */
const handover = Duration.seconds(15)

/** The cluster of one process over its database. Who owns what needs no table: there is nobody else. */
export const OneProcess = Sharding.layer.pipe(
  Layer.provide(Runners.layerNoop),
  Layer.provide(SqlMessageStorage.layer),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({
    // What is being sent ends in any case, and is noted; whatever else waits in the table is for the next process.
    entityTerminationTimeout: 0,
    // Messages stay in this process.
    simulateRemoteSerialization: false
  })),
  Layer.merge(Fence.open)
)

const Configured = Layer.unwrapEffect(
  Effect.map(clusterAddress, ({ host, port }) =>
    ShardingConfig.layer({
      runnerAddress: Option.some(RunnerAddress.make(host, port)),
      // A row for each lock instead of a session's lock: it expires, also under a process that is stopped but not dead.
      shardLockDisableAdvisory: true,
      shardLockExpiration: lockExpiry,
      shardLockRefreshInterval: Duration.seconds(5),
      runnerHealthCheckInterval: Duration.seconds(10),
      entityTerminationTimeout: handover,
      simulateRemoteSerialization: false
    }))
)

/** Asks the table of locks, in the transaction that it is called in. */
const FenceLive = Layer.effect(
  Fence,
  Effect.gen(function*() {
    const sharding = yield* Sharding.Sharding
    const locks = yield* ShardLocksRepo
    const { host, port } = yield* clusterAddress
    return {
      owns: (destination: Destination) =>
        locks.held({
          shardId: sharding.getShardId(EntityId.make(entityId(destination)), shardGroup).toString(),
          address: `${host}:${port}`,
          expirySeconds: Duration.toSeconds(lockExpiry)
        })
    }
  })
).pipe(Layer.provide(ShardLocksRepo.Default))

/** Between two tries to make the cluster's tables. */
const again = Schedule.intersect(Schedule.jittered(Schedule.spaced("200 millis")), Schedule.recurs(10))

/**
 * At its end a process lets go of its locks in a region that nothing interrupts, and there the storage's own limit of
 * time does not hold: without a database it would wait for one for ever. The locks expire in any case.
 */
const endsInTime = Layer.effect(
  RunnerStorage.RunnerStorage,
  Effect.map(RunnerStorage.RunnerStorage, (storage) => ({
    ...storage,
    releaseAll: (address) =>
      storage.releaseAll(address).pipe(
        // Without a connection it dies; its callers try again, or let it be.
        Effect.catchAllDefect((cause) => new ClusterError.PersistenceError({ cause })),
        Effect.interruptible,
        Effect.forkDaemon,
        Effect.flatMap(Fiber.join)
      )
  } satisfies typeof RunnerStorage.RunnerStorage.Service))
)

/** One after the other: what is interrupted is cancelled over another connection, which a small pool has not. */
const tables = endsInTime.pipe(
  Layer.provide(SqlRunnerStorage.layer.pipe(Layer.provide(inTurn))),
  Layer.provideMerge(SqlMessageStorage.layer)
)

/**
 * What the cluster keeps in the database. Processes that start at the same time make its tables at the same time:
 * whoever is refused for that finds them made at the next try.
 */
export const ClusterTables = Layer.unwrapEffect(
  Layer.build(Layer.fresh(tables)).pipe(
    Effect.scoped,
    // One of the two dies of it.
    Effect.sandbox,
    Effect.retry(again),
    Effect.unsandbox,
    Effect.as(tables)
  )
)

/** Any number of processes over one PostgreSQL: they find each other there, and share the destinations among them. */
export const ManyProcesses = Layer.provideMerge(FenceLive, SocketRunner.layer).pipe(
  Layer.provide(NodeClusterSocket.layerSocketServer),
  Layer.provide(RunnerHealth.layerPing.pipe(Layer.provide(Runners.layerRpc))),
  Layer.provide(NodeClusterSocket.layerClientProtocol),
  Layer.provide(ClusterTables),
  Layer.provide(Configured),
  Layer.provide(RpcSerialization.layerMsgPack)
)
