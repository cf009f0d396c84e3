import Database from "better-sqlite3"
import { Console, Effect } from "effect"
import { BenchFailed } from "./processes.ts"
import type { Measured, ScenarioResult } from "./results.ts"
import type { makeFiles } from "./seed/files.ts"
import { baseline, ours, type Place, type Vendors } from "./servers.ts"
import { spread } from "./statistics.ts"

type Files = Effect.Effect.Success<ReturnType<typeof makeFiles>>

/** A drain that takes longer is cut short: its rate is known by then. */
const patienceMs = 10_000

/** A server that starts over full queues: how fast they empty, by the clock of those who receive the messages. */
const drainOnce = (
  start: typeof ours,
  name: "ours" | "baseline",
  place: Place,
  vendors: Vendors,
  filename: string,
  messages: number
) =>
  Effect.scoped(Effect.gen(function*() {
    yield* vendors.reset
    const server = yield* start(place, `${name}-drain`, filename, vendors.url)
    const begun = performance.now()
    const done = yield* Effect.iterate(yield* vendors.counts, {
      while: (counts) => counts.messages < messages && performance.now() - begun < patienceMs,
      body: () => Effect.delay(vendors.counts, "20 millis")
    })
    if (done.messages < messages) yield* Console.error(`  ${name} has sent ${done.messages} messages when time was up`)
    const { cpuMs, rssBytes } = yield* server.usage
    return { ...done, rate: (done.messages - 1) / (done.messagesMs / 1000), cpuMs, rssBytes }
  })).pipe(
    // By now the server has ended: what it sent has to be noted.
    Effect.filterOrFail(
      (done) => done.messages < messages || undelivered(filename) === 0,
      () => new BenchFailed({ message: `${name} has sent messages that it has not noted` })
    )
  )

const undelivered = (filename: string): number => {
  const db = new Database(filename)
  const row = db.prepare<[], { readonly count: number }>(
    "SELECT COUNT(*) AS count FROM deliveries WHERE status <> 'delivered'"
  ).get()
  db.close()
  return row?.count ?? 0
}

/** CPU includes the start of the process. */
export const deliveryDrain = (
  place: Place,
  vendors: Vendors,
  files: Files,
  { drained, drainRounds }: { readonly drained: number; readonly drainRounds: number }
) =>
  Effect.gen(function*() {
    const rounds = yield* Effect.replicateEffect(
      Effect.gen(function*() {
        const once = (start: typeof ours, name: "ours" | "baseline") =>
          Effect.flatMap(
            files.copy("drain", name),
            (filename) => drainOnce(start, name, place, vendors, filename, drained)
          )
        return { other: yield* once(baseline, "baseline"), our: yield* once(ours, "ours") }
      }),
      drainRounds
    )
    const measured = (all: ReadonlyArray<typeof rounds[number]["our"]>): Measured => ({
      rate: spread(all.map(({ rate }) => rate)),
      p50Ms: Number.NaN,
      p99Ms: Number.NaN,
      cpuUsPerRequest: spread(all.map(({ cpuMs, messages }) => cpuMs * 1000 / messages)).median,
      vendorCallsPerRequest: spread(all.map(({ calls, messages }) => calls / messages)).median,
      mostAtOnce: 1,
      rssMb: spread(all.map(({ rssBytes }) => rssBytes / 1e6)).median
    })
    const servers = {
      ours: measured(rounds.map(({ our }) => our)),
      baseline: measured(rounds.map(({ other }) => other))
    }
    const title = `${drained.toLocaleString("en")} pending messages to 1,000 destinations`
    yield* Console.error(
      `  ${title}: ours ${Math.round(servers.ours.rate.median)}/s, baseline ${
        Math.round(servers.baseline.rate.median)
      }/s`
    )
    return { id: "drain", title, unit: "messages/s", servers } satisfies ScenarioResult
  })
