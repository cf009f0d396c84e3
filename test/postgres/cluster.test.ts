import { RunnerAddress, RunnerStorage, ShardId, ShardingConfig } from "@effect/cluster"
import { assert, layer } from "@effect/vitest"
import { Array, Context, Effect, Exit, Layer, Option } from "effect"
import { ClusterTables } from "../../src/alerts/Cluster.ts"
import { layerPrepared } from "../../src/persistence/postgres/Postgres.ts"
import { administer, ownServer, settingsOf } from "./own.ts"
import type { Server } from "./server.ts"

class Postgres extends Context.Tag("test/Postgres")<Postgres, Server>() {}

/** A database of its own. */
const made = (name: string) =>
  Effect.gen(function*() {
    const { url } = yield* Postgres
    yield* administer(url, `CREATE DATABASE ${name}`)
    const at = new URL(url)
    at.pathname = `/${name}`
    return at.href
  })

const address = RunnerAddress.make("127.0.0.1", 34_431)

/** As one process has it. */
const tables = (url: string) =>
  ClusterTables.pipe(
    Layer.provide(ShardingConfig.layer({ runnerAddress: Option.some(address), shardLockDisableAdvisory: true })),
    Layer.provide(layerPrepared({ ...settingsOf(url), pool: 2 })),
    Layer.fresh
  )

layer(Layer.scoped(Postgres, ownServer), { excludeTestServices: true })("a cluster's tables", (it) => {
  it.scoped("are made once, however many processes start at the same time", () =>
    Effect.gen(function*() {
      for (const round of Array.range(1, 5)) {
        const url = yield* made(`together_${round}`)
        const together = Effect.all(Array.replicate(Layer.build(tables(url)), 8), { concurrency: "unbounded" })
        assert.lengthOf(yield* Effect.scoped(together), 8)
      }
    }))

  it.scoped("take one statement after the other on the connection for locks", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const listen = (warning: Error) => void warnings.push(warning.message)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("warning", listen)),
        () => Effect.sync(() => process.off("warning", listen))
      )
      const storage = Context.get(yield* Layer.build(tables(yield* made("locks"))), RunnerStorage.RunnerStorage)
      const shards = Array.makeBy(300, (n) => ShardId.make("default", n + 1))
      const all = yield* Effect.all([
        storage.acquire(address, shards),
        ...Array.replicate(storage.refresh(address, shards), 8),
        storage.acquire(address, shards)
      ], { concurrency: "unbounded" })
      assert.lengthOf(all[0] ?? [], 300)
      // Warnings come a tick later.
      yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
      assert.deepStrictEqual(warnings, [])
    }))

  it.scoped(
    "let go of the locks in time where the database is away when the process ends",
    () =>
      Effect.gen(function*() {
        const server = yield* Postgres
        const storage = Context.get(yield* Layer.build(tables(yield* made("away"))), RunnerStorage.RunnerStorage)
        yield* storage.acquire(address, [ShardId.make("default", 1)])
        yield* Effect.acquireRelease(Effect.promise(() => server.halt()), () => Effect.promise(() => server.resume()))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(storage.refresh(address, []))))
        // As a finalizer is run.
        const released = Effect.uninterruptible(Effect.ignore(storage.releaseAll(address)))
        assert.isTrue(Option.isSome(yield* Effect.timeoutOption(Effect.disconnect(released), "20 seconds")))
      }),
    60_000
  )
})
