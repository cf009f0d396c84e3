import { Console, Effect, Layer } from "effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { table } from "../report/table.ts"
import { database } from "../seed/database.ts"
import { spread } from "../statistics.ts"
import { HotPaths, hotPaths } from "./paths.ts"
import { seedWorld, type World, worlds } from "./world.ts"

/** Per path and world. */
const budgetMs = 400
const warmUps = 100
const most = 2000

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Microseconds that one run takes, in the middle of many. */
const cost = (path: Effect.Effect<unknown>) =>
  Effect.gen(function*() {
    const begun = performance.now()
    const times: Array<number> = []
    for (let run = 0; run < warmUps + most && (run < 5 || performance.now() - begun < budgetMs); run++) {
      const before = performance.now()
      yield* path
      times.push((performance.now() - before) * 1000)
      if (run % 50 === 0) yield* turn
    }
    // Of the later half, if there is one: by then it is warm.
    return spread(times.slice(Math.min(warmUps, Math.floor(times.length / 2)))).median
  })

const costs = (directory: string, world: World) =>
  Effect.gen(function*() {
    const filename = join(directory, "growth.db")
    const measured = yield* Effect.gen(function*() {
      yield* seedWorld(world)
      const paths = yield* hotPaths
      return yield* Effect.forEach(Object.entries(paths), ([name, path]) =>
        Effect.map(cost(path), (us) => [name, us] as const))
    }).pipe(Effect.provide(Layer.provideMerge(HotPaths, database(filename))))
    yield* Effect.sync(() => {
      for (const suffix of ["", "-wal", "-shm"]) {
        rmSync(filename + suffix, { force: true })
      }
    })
    yield* Console.error(`  ${world.title}`)
    return new Map(measured)
  })

/** What each hot path costs in each world. */
export const growth = (directory: string) =>
  Effect.gen(function*() {
    yield* Console.error("Measuring in one process, without syncs to disk")
    const all = yield* Effect.forEach(worlds, (world) => Effect.map(costs(directory, world), (us) => ({ world, us })))
    const names = [...all[0]?.us.keys() ?? []]
    return table(
      ["median µs", ...all.map(({ world }) => world.title)],
      names.map((name) => [name, ...all.map(({ us }) => Math.round(us.get(name) ?? Number.NaN).toLocaleString("en"))])
    )
  })
