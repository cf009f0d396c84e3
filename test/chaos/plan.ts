import { Array, Chunk, Effect, Random } from "effect"

/** What happens to one process. */
export type Blow =
  /** SIGKILL, and started again after so long. */
  | { readonly _tag: "Kill"; readonly downMs: number }
  /** SIGSTOP, and SIGCONT after so long. */
  | { readonly _tag: "Stop"; readonly forMs: number }
  /** SIGTERM, and started again once it has ended. */
  | { readonly _tag: "Restart" }

/** What happens to the database. */
export type Outage =
  /** It ends, with or without letting sessions end first, and is back after so long. */
  | { readonly _tag: "Halt"; readonly mode: "fast" | "immediate"; readonly downMs: number }
  /** Its connections are cut. */
  | { readonly _tag: "Cut" }

export interface Step<A> {
  readonly afterMs: number
  readonly what: A
}

export interface Plan {
  /** For each process, one after the other. */
  readonly processes: ReadonlyArray<ReadonlyArray<Step<Blow>>>
  readonly database: ReadonlyArray<Step<Outage>>
}

const between = (least: number, most: number) => Random.nextIntBetween(least, most + 1)

const kill = Effect.map(between(0, 15_000), (downMs): Blow => ({ _tag: "Kill", downMs }))
const stop = Effect.map(between(3_000, 40_000), (forMs): Blow => ({ _tag: "Stop", forMs }))
const restart = Effect.succeed<Blow>({ _tag: "Restart" })
const halt = (mode: "fast" | "immediate") =>
  Effect.map(between(0, 6_000), (downMs): Outage => ({ _tag: "Halt", mode, downMs }))
const cut = Effect.succeed<Outage>({ _tag: "Cut" })

/** A minute: whoever is stopped for so long has lost all that it owned. */
const longStop: Effect.Effect<Blow> = Effect.succeed({ _tag: "Stop", forMs: 60_000 })

const lasts = (what: Blow | Outage): number =>
  what._tag === "Stop" ? what.forMs : what._tag === "Kill" || what._tag === "Halt" ? what.downMs : 0

/** Each of these in any order, then any of them again, for as long as it is to last. */
const lane = <A extends Blow | Outage>(
  each: Array.NonEmptyReadonlyArray<Effect.Effect<A>>,
  rest: readonly [least: number, most: number],
  durationMs: number
) =>
  Effect.gen(function*() {
    const steps: Array<Step<A>> = []
    const first = [...Chunk.toReadonlyArray(yield* Random.shuffle(each))]
    for (let atMs = 0; atMs < durationMs;) {
      const what = yield* first.shift() ?? Effect.flatten(Random.choice(each))
      const afterMs = yield* between(...rest)
      steps.push({ afterMs, what })
      atMs += afterMs + lasts(what)
    }
    return steps
  })

/** The same for the same seed. Every kind of blow comes to every process, if there is time enough. */
export const planOf = (seed: number, processes: number, durationMs: number): Effect.Effect<Plan> =>
  Effect.all({
    processes: Effect.forEach(Array.range(0, processes - 1), (n) =>
      lane(n === 0 ? [longStop, kill, restart] : [kill, stop, restart], [4_000, 15_000], durationMs)),
    database: lane([halt("fast"), halt("immediate"), cut, cut], [8_000, 25_000], durationMs)
  }).pipe(Effect.withRandom(Random.make(seed)))
