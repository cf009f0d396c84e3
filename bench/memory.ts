import { Console, Effect } from "effect"
import { interleave } from "./interleave.ts"
import type { Ran, Run } from "./load/plan.ts"
import { BenchFailed, type Server } from "./processes.ts"
import type { Figure } from "./results.ts"
import { mixed } from "./scenarios.ts"
import type { makeFiles } from "./seed/files.ts"
import { baseline, type Load, ours, type Place, type Vendors } from "./servers.ts"
import { spread } from "./statistics.ts"

type Files = Effect.Effect.Success<ReturnType<typeof makeFiles>>

const said = (figure: Figure) =>
  Effect.as(Console.error(`  ${figure.title}: ${Math.round(figure.ours.median)} ${figure.unit}`), figure)

/** From the start of the process to its first 200 for `/health/ready`, and what it holds then. */
export const startUp = (place: Place, vendors: Vendors, files: Files, { starts }: { readonly starts: number }) =>
  Effect.gen(function*() {
    const started = (start: typeof ours, name: string, filename: string) =>
      Effect.scoped(Effect.gen(function*() {
        const server = yield* start(place, `${name}-start`, filename, vendors.url)
        return { readyMs: server.readyMs, rssMb: (yield* server.usage).rssBytes / 1e6 }
      }))
    const { a, b } = yield* interleave(
      started(ours, "ours", yield* files.copy("plain", "ours-start")),
      started(baseline, "baseline", yield* files.copy("plain", "baseline-start")),
      starts
    )
    const figure = (id: string, title: string, unit: string, of: "readyMs" | "rssMb"): Figure => ({
      id,
      title,
      unit,
      ours: spread(a.map((one) => one[of])),
      baseline: spread(b.map((one) => one[of]))
    })
    return yield* Effect.forEach([
      figure("start-up", "Start until ready", "ms", "readyMs"),
      figure("memory-at-start", "Memory as soon as it is ready, resident", "MB", "rssMb")
    ], said)
  })

/** Until the collector has seen that nobody asks for anything: V8 waits for some time before it gives back. */
const rest = "1 minute"

/** What servers hold that have nothing to do. */
export const idle = (place: Place, vendors: Vendors, files: Files) => {
  const rested = (start: typeof ours, name: "ours" | "baseline") =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* start(place, `${name}-idle`, yield* files.copy("plain", `${name}-idle`), vendors.url)
      return (yield* Effect.delay(server.usage, rest)).rssBytes / 1e6
    }))
  return Effect.all([rested(ours, "ours"), rested(baseline, "baseline")], { concurrency: "unbounded" }).pipe(
    Effect.map(([own, other]): Figure => ({
      id: "idle-memory",
      title: "Memory after a minute without requests, resident",
      unit: "MB",
      ours: spread([own]),
      baseline: spread([other])
    })),
    Effect.flatMap(said)
  )
}

const burstSeconds = 4

/** A slow machine gets fewer requests, and the figure says how many. */
const patienceMs = 105_000

/** At least so many requests, if time allows. */
const ask = (load: Load, server: Server, requests: number, untilMs: number) =>
  Effect.iterate(0, {
    while: (answered) => answered < requests && performance.now() < untilMs,
    body: (answered) =>
      Effect.map(
        load.ask<Ran>({ url: server.url, plan: mixed, connections: 50, seconds: burstSeconds } satisfies Run),
        (ran) => answered + ran.all
      )
  })

/** How often memory is looked at. The first look is at a service that is warm, and the caches of which are full. */
const looks = 10

/** Heap after a collection, and what is resident, from the first look to the last. */
export const memoryGrowth = (place: Place, vendors: Vendors, load: Load, files: Files, requests: number) =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* ours(place, "ours-memory", yield* files.copy("plain", "ours-memory"), vendors.url)
    const untilMs = performance.now() + patienceMs
    const mb = (bytes: number) => Math.round(bytes / 1e5) / 10
    const seen: Array<{ readonly answered: number; readonly heapMb: number; readonly residentMb: number }> = []
    let answered = 0
    while (answered < requests && performance.now() < untilMs) {
      answered += yield* ask(load, server, requests / looks, untilMs)
      const { heapBytes, rssBytes } = yield* server.collected
      seen.push({ answered, heapMb: mb(heapBytes), residentMb: mb(rssBytes) })
    }
    yield* Console.error(
      `  Heap: ${seen.map(({ answered, heapMb }) => `${heapMb} MB after ${answered}`).join(", ")} requests`
    )
    const [first, last] = [seen[0], seen.at(-1)]
    if (first === undefined || last === undefined) return yield* new BenchFailed({ message: "Nothing was asked" })
    const title = `Growth of the heap over ${(last.answered - first.answered).toLocaleString("en")} requests ` +
      `(resident ${first.residentMb} MB, then ${last.residentMb} MB)`
    return { id: "memory-growth", title, unit: "MB", ours: spread([last.heapMb - first.heapMb]) } satisfies Figure
  }))
