import { Console, Effect } from "effect"
import type { Plan, Ran, Run } from "./load/plan.ts"
import { BenchFailed, type Server } from "./processes.ts"
import type { Measured, ScenarioResult, ServerName } from "./results.ts"
import type { Scenario } from "./scenarios.ts"
import type { Load, Vendors } from "./servers.ts"
import { spread } from "./statistics.ts"

export interface Pace {
  readonly rounds: number
  readonly secondsEach: number
  /** Enough for the compiler to have seen what is hot, but no longer than so many seconds. */
  readonly warmUp: { readonly requests: number; readonly seconds: number }
}

interface Sample {
  readonly ran: Ran
  readonly cpuMs: number
  readonly calls: number
  readonly mostAtOnce: number
  readonly rssBytes: number
}

/** Who is measured, and how. */
export interface Target {
  readonly name: ServerName
  readonly server: Server
  readonly plan: Plan
}

/** One run of load against one server, with what it cost. */
export const sample = (load: Load, vendors: Vendors, { plan, server }: Omit<Target, "name">, run: {
  readonly connections: number
  readonly seconds: number
}) =>
  Effect.gen(function*() {
    yield* vendors.reset
    const before = yield* server.usage
    const ran = yield* load.ask<Ran>({ url: server.url, plan, ...run } satisfies Run)
    const after = yield* server.usage
    const { calls, mostAtOnce } = yield* vendors.counts
    if (ran.failed.length > 0) {
      return yield* new BenchFailed({ message: `${server.name}: ${ran.answered} × 2xx, ${ran.failed.join(", ")}` })
    }
    return { ran, cpuMs: after.cpuMs - before.cpuMs, calls, mostAtOnce, rssBytes: after.rssBytes } satisfies Sample
  })

/** Until a server has answered so many requests, or time is up. */
const warm = (
  load: Load,
  vendors: Vendors,
  target: Target,
  connections: number,
  { requests, seconds }: Pace["warmUp"]
) =>
  Effect.iterate({ answered: 0, passed: 0 }, {
    while: ({ answered, passed }) => answered < requests && passed < seconds,
    body: ({ answered, passed }) =>
      Effect.map(
        sample(load, vendors, target, { connections, seconds: 0.5 }),
        ({ ran }) => ({ answered: answered + ran.all, passed: passed + 0.5 })
      )
  })

const medianOf = (samples: ReadonlyArray<Sample>, of: (sample: Sample) => number) => spread(samples.map(of)).median

const measured = (samples: ReadonlyArray<Sample>): Measured => ({
  rate: spread(samples.map(({ ran }) => ran.answered / ran.seconds)),
  p50Ms: medianOf(samples, ({ ran }) => ran.p50Ms),
  p99Ms: medianOf(samples, ({ ran }) => ran.p99Ms),
  cpuUsPerRequest: medianOf(samples, ({ cpuMs, ran }) => cpuMs * 1000 / ran.all),
  vendorCallsPerRequest: medianOf(samples, ({ calls, ran }) => calls / ran.all),
  mostAtOnce: Math.max(...samples.map(({ mostAtOnce }) => mostAtOnce)),
  rssMb: (samples.at(-1)?.rssBytes ?? Number.NaN) / 1e6
})

/**
 * Every server is warmed up, then they take turns: what disturbs the machine meanwhile disturbs all. Each round begins
 * with another one.
 */
export const interleaved = (
  load: Load,
  vendors: Vendors,
  { connections, id, title }: Scenario,
  targets: ReadonlyArray<Target>,
  { rounds, secondsEach, warmUp }: Pace
) =>
  Effect.gen(function*() {
    const samples = new Map<ServerName, Array<Sample>>()
    for (const target of targets) yield* warm(load, vendors, target, connections, warmUp)
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < targets.length; turn++) {
        const target = targets[(round + turn) % targets.length]
        if (target === undefined) continue
        const one = yield* sample(load, vendors, target, { connections, seconds: secondsEach })
        samples.set(target.name, [...samples.get(target.name) ?? [], one])
      }
    }
    const servers = Object.fromEntries([...samples].map(([name, all]) => [name, measured(all)]))
    const rates = [...samples].map(([name, all]) => `${name} ${Math.round(measured(all).rate.median)}/s`)
    yield* Console.error(`  ${title}: ${rates.join(", ")}`)
    return { id, title, unit: "requests/s", servers } satisfies ScenarioResult
  })
