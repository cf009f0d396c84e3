import { Effect, Layer } from "effect"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import { type About, counter, gauge } from "./named.ts"
import { whenLookedAt } from "./whenLookedAt.ts"

/* How the process itself is, under the names that Prometheus' clients use for it. */

export const residentMemory = gauge("process_resident_memory_bytes", "Resident memory size in bytes")
export const heapUsed = gauge("nodejs_heap_size_used_bytes", "Used part of the heap in bytes")
export const startTime = gauge("process_start_time_seconds", "Start time of the process in seconds since 1970")
export const cpuTime = counter("process_cpu_seconds_total", "User and system CPU time spent in seconds")
export const eventLoopLag = gauge(
  "nodejs_eventloop_lag_p99_seconds",
  "What 99 % of turns of the event loop came late at most, over the last 10 seconds or since the last look"
)
export const eventLoopLagMax = gauge(
  "nodejs_eventloop_lag_max_seconds",
  "The latest turn of the event loop, over the last 10 seconds or since the last look"
)

const ofCluster = (what: string, description: string, ...labels: ReadonlyArray<string>): About => ({
  name: `effect_cluster_${what}`,
  type: "gauge",
  description,
  labels
})

/** What Effect and its cluster count by themselves, under names of their own. */
export const ofEffect: ReadonlyArray<About> = [
  ofCluster("runners", "Processes that are known"),
  ofCluster("runners_healthy", "Processes that are known to live"),
  ofCluster("shards", "Shards of destinations that this process owns"),
  ofCluster("entities", "Destinations that this process keeps in memory", "type"),
  ofCluster("singletons", "Tasks of one process that this one runs"),
  { name: "effect_fiber_active", type: "gauge", description: "Fibers that run or wait", labels: [] },
  { name: "effect_fiber_started", type: "counter", description: "Fibers started", labels: [] },
  { name: "effect_fiber_successes", type: "counter", description: "Fibers that ended well", labels: [] },
  { name: "effect_fiber_failures", type: "counter", description: "Fibers that failed", labels: [] },
  { name: "effect_fiber_lifetimes", type: "histogram", description: "How long fibers lived", labels: ["time_unit"] }
]

/** So long at least, that several who look do not take it from each other. */
const spanMs = 10_000

/** Milliseconds between two turns that are measured: what is recorded is as long where nothing comes late. */
const resolution = 10

const seconds = (nanos: number): number => Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - resolution / 1000) : 0

/** Of the CPU's time, of which the process has only one. */
let counted = 0

/** Reads the process when metrics are read. */
export const runtimeMetrics = Layer.scopedDiscard(Effect.gen(function*() {
  const delay = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const delay = monitorEventLoopDelay({ resolution })
      delay.enable()
      return delay
    }),
    (delay) => Effect.sync(() => void delay.disable())
  )
  const cpuSeconds = () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1e6
  }
  let since = performance.now()
  yield* whenLookedAt(() => {
    const { heapUsed: heap, rss } = process.memoryUsage()
    residentMemory().unsafeUpdate(rss, [])
    heapUsed().unsafeUpdate(heap, [])
    startTime().unsafeUpdate(performance.timeOrigin / 1000, [])
    const spent = cpuSeconds()
    cpuTime().unsafeUpdate(spent - counted, [])
    counted = spent
    eventLoopLag().unsafeUpdate(seconds(delay.percentile(99)), [])
    eventLoopLagMax().unsafeUpdate(seconds(delay.max), [])
    if (performance.now() - since >= spanMs) {
      delay.reset()
      since = performance.now()
    }
  })
}))
