import { Chunk, Clock, Duration, Effect, TestClock } from "effect"
import { databaseIsBusy } from "../../src/persistence/TestDatabase.ts"

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** So many turns of the event loop in a row in which no query is under way: what goes on by itself has come to rest. */
export const turns = (count: number): Effect.Effect<void> =>
  Effect.iterate(0, {
    while: (idle) => idle < count,
    body: (idle) => Effect.zipRight(turn, Effect.map(databaseIsBusy, (busy) => busy ? 0 : idle + 1))
  })

/**
 * Moves the test's clock on, and stops at whatever falls due on the way until that has come to rest: unlike in memory, a
 * server's answer takes its time, and what sleeps after it would not be seen sleeping.
 */
export const advance = (duration: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function*() {
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(duration)
    const next = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const due = Chunk.filter(yield* TestClock.sleeps(), (at) => at > now && at <= until)
      yield* TestClock.setTime(Math.min(until, ...due))
      yield* turns(3)
      return yield* Clock.currentTimeMillis
    })
    yield* turns(3)
    yield* Effect.repeat(next, { until: (now) => now >= until })
  })
