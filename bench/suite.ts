import { Array, Console, Effect } from "effect"
import { cpus, loadavg } from "node:os"
import { deliveryDrain } from "./drain.ts"
import { interleaved, type Pace, type Target } from "./measure.ts"
import { idle, memoryGrowth, startUp } from "./memory.ts"
import type { Results, ScenarioResult } from "./results.ts"
import { type Scenario, scenarios } from "./scenarios.ts"
import { makeFiles } from "./seed/files.ts"
import { bare, baseline, load, ours, type Place, vendors } from "./servers.ts"

export interface Extent extends Pace {
  readonly quick: boolean
  readonly history: number
  readonly drained: number
  readonly drainRounds: number
  /** How many requests memory is measured over, unless it is quick. */
  readonly memoryRequests: number
  readonly starts: number
  /** Only the scenario with this id; where none has it, those whose id contains it. */
  readonly only: string | undefined
}

export const whole: Extent = {
  quick: false,
  rounds: 3,
  secondsEach: 0.4,
  // Until what is measured is compiled: with the first thousand requests it is five times as slow.
  warmUp: { requests: 4000, seconds: 1.5 },
  history: 100_000,
  drained: 10_000,
  drainRounds: 1,
  memoryRequests: 200_000,
  starts: 3,
  only: undefined
}

export const quick: Extent = {
  ...whole,
  quick: true,
  warmUp: { requests: 3000, seconds: 2 },
  history: 0,
  drained: 1000,
  starts: 1
}

export const suite = (place: Place, extent: Extent) =>
  Effect.gen(function*() {
    const startedMs = performance.now()
    const loadAverage = Math.round((loadavg()[0] ?? 0) * 10) / 10
    if (loadAverage > cpus().length / 2) {
      yield* Console.error(`The machine is busy (load average ${loadAverage}): the figures will be too`)
    }
    const { only } = extent
    const isOne = scenarios.some(({ id }) => id === only)
    const wanted = (id: string) => only === undefined || (isOne ? id === only : id.includes(only))
    yield* Console.error("Seeding databases")
    const files = yield* makeFiles(place.directory, extent)
    const vendor = yield* vendors(place)
    const loader = yield* load(place)

    /** Two servers over the same rows, for as long as their scenarios take. */
    const measureOver = (data: Scenario["data"]) =>
      Effect.scoped(Effect.gen(function*() {
        const some = scenarios.filter((one) => one.data === data && wanted(one.id) && (!extent.quick || one.quick))
        const results: Array<ScenarioResult> = []
        if (some.length === 0) return results
        const our = yield* ours(place, `ours-${data}`, yield* files.copy(data, "ours"), vendor.url)
        const other = yield* baseline(place, `baseline-${data}`, yield* files.copy(data, "baseline"), vendor.url)
        const least = some.some((one) => one.bare !== undefined) ? yield* bare(place) : undefined
        for (const scenario of some) {
          const { bare: path, plan } = scenario
          const targets: Array<Target> = [
            { name: "ours", server: our, plan },
            { name: "baseline", server: other, plan }
          ]
          if (path !== undefined && least !== undefined) {
            targets.push({ name: "bare", server: least, plan: { _tag: "Read", path, orgs: ["org-bare"] } })
          }
          results.push(yield* interleaved(loader, vendor, scenario, targets, extent))
        }
        return results
      }))

    const figures = yield* startUp(place, vendor, files, extent)
    const measured = [...yield* measureOver("plain"), ...yield* measureOver("history")]
    const drained = wanted("drain") ? [yield* deliveryDrain(place, vendor, files, extent)] : []
    // Those that rest take nothing from the one that works.
    const memory = yield* Effect.all([
      Effect.when(idle(place, vendor, files), () => !extent.quick && wanted("idle-memory")),
      Effect.when(
        memoryGrowth(place, vendor, loader, files, extent.memoryRequests),
        () => !extent.quick && wanted("memory-growth")
      )
    ], { concurrency: "unbounded" })
    const processors = cpus()
    return {
      measuredAt: new Date().toISOString(),
      machine: `${processors.length} × ${processors[0]?.model ?? "unknown"}`,
      node: process.version,
      loadAverage,
      quick: extent.quick,
      rounds: extent.rounds,
      secondsEach: extent.secondsEach,
      tookSeconds: Math.round((performance.now() - startedMs) / 1000),
      scenarios: [...measured, ...drained],
      figures: [...figures, ...Array.getSomes(memory)]
    } satisfies Results
  }).pipe(Effect.scoped)
