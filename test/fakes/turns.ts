import { Chunk, Clock, Duration, Effect, TestClock } from "effect"
import { databaseAnswersLater, databaseIsBusy } from "../../src/persistence/TestDatabase.ts"

/** So many turns of the event loop in a row in which no query is under way: what goes on by itself has come to rest. */
export const turns = (count: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    let idle = 0
    const turn = () => {
      idle = databaseIsBusy() ? 0 : idle + 1
      if (idle < count) setImmediate(turn)
      else resume(Effect.void)
    }
    setImmediate(turn)
  })

/** How often a leap of the clock stops on its way at most: a day has many ticks. */
const stops = 40

/**
 * Moves the test's clock on. On a server it stops where something falls due until that has come to rest: an answer takes
 * its time there, and what sleeps after it would not be seen sleeping. In memory nothing has to be waited for.
 */
export const advance = (duration: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function*() {
    if (!(databaseAnswersLater())) return yield* TestClock.adjust(duration)
    const length = Duration.toMillis(duration)
    const until = (yield* Clock.currentTimeMillis) + length
    const next = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const due = Chunk.filter(yield* TestClock.sleeps(), (at) => at > now && at <= until)
      yield* TestClock.setTime(Math.min(until, Math.max(Math.min(...due), now + Math.floor(length / stops))))
      yield* turns(3)
      return yield* Clock.currentTimeMillis
    })
    yield* turns(3)
    yield* Effect.repeat(next, { until: (now) => now >= until })
  })

/** Does something that sleeps now and then: on a server the clock goes on a little as often as all has come to rest. */
export const passing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() =>
    databaseAnswersLater()
      ? Effect.raceFirst(effect, Effect.forever(Effect.zipRight(turns(20), TestClock.adjust("200 millis"))))
      : effect
  )
