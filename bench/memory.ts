import { Console, Effect } from "effect"
import { interleave } from "./interleave.ts"
import type { Ran, Run } from "./load/plan.ts"
import type { Server } from "./processes.ts"
import type { Figure } from "./results.ts"
import { mixed } from "./scenarios.ts"
import type { makeFiles } from "./seed/files.ts"
import { baseline, type Load, ours, type Place, type Vendors } from "./servers.ts"
import { spread } from "./statistics.ts"

type Files = Effect.Effect.Success<ReturnType<typeof makeFiles>>

/** Until what a start leaves behind has been collected, or has not. */
const settled = "1 second"

const started = (start: typeof ours, name: string, place: Place, vendors: Vendors, filename: string) =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* start(place, `${name}-idle`, filename, vendors.url)
    yield* Effect.sleep(settled)
    return { readyMs: server.readyMs, rssMb: (yield* server.usage).rssBytes / 1e6 }
  }))

/** From the start of the process to its first 200 for `/health/ready`, and what it holds then. */
export const idleAndStartUp = (place: Place, vendors: Vendors, files: Files, { starts }: { readonly starts: number }) =>
  Effect.gen(function*() {
    const own = yield* files.copy("plain", "ours-idle")
    const others = yield* files.copy("plain", "baseline-idle")
    const { a, b } = yield* interleave(
      started(ours, "ours", place, vendors, own),
      started(baseline, "baseline", place, vendors, others),
      starts
    )
    const figure = (id: string, title: string, unit: string, of: "readyMs" | "rssMb"): Figure => ({
      id,
      title,
      unit,
      ours: spread(a.map((one) => one[of])),
      baseline: spread(b.map((one) => one[of]))
    })
    const figures = [
      figure("start-up", "Start until ready", "ms", "readyMs"),
      figure("idle-memory", "Idle memory, resident", "MB", "rssMb")
    ]
    for (const { ours, title, unit } of figures) yield* Console.error(`  ${title}: ${Math.round(ours.median)} ${unit}`)
    return figures
  })

const burstSeconds = 2

/** A slow machine gets fewer requests, and the figure says how many. */
const patienceMs = 45_000

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

/** Heap after a collection, and what is resident: after a tenth of the requests, when all is warm, and after all. */
export const memoryGrowth = (place: Place, vendors: Vendors, load: Load, files: Files, requests: number) =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* ours(place, "ours-memory", yield* files.copy("plain", "ours-memory"), vendors.url)
    const untilMs = performance.now() + patienceMs
    const early = yield* ask(load, server, requests / 10, untilMs)
    const before = yield* server.collected
    const late = yield* ask(load, server, requests - early, untilMs)
    const after = yield* server.collected
    const mb = (bytes: number) => Math.round(bytes / 1e5) / 10
    yield* Console.error(
      `  ${early + late} requests: heap ${mb(before.heapBytes)} MB after ${early}, ${
        mb(after.heapBytes)
      } MB after all; ` +
        `resident ${mb(before.rssBytes)} MB, then ${mb(after.rssBytes)} MB`
    )
    const title = `Growth of the heap over ${(early + late).toLocaleString("en")} requests ` +
      `(resident ${mb(before.rssBytes)} MB, then ${mb(after.rssBytes)} MB)`
    const growth = spread([(after.heapBytes - before.heapBytes) / 1e6])
    return { id: "memory-growth", title, unit: "MB", ours: growth } satisfies Figure
  }))
