import { type Cache, Clock, Duration, Effect, Option, Schedule, type Scope } from "effect"

/** How long an entry may outlive its time: what is done for that, over 10,000 entries, takes a few milliseconds. */
const sweepEvery = "1 minute"

/**
 * Forgets a cache's entries once they have been kept for `age`. By itself `Cache` looks at the age of an entry only when
 * that one is asked for again: what is not used any more stays until newer entries need its room, secrets too.
 */
export const dropExpired = <Key, Value, E>(
  cache: Cache.Cache<Key, Value, E>,
  age: Duration.DurationInput
): Effect.Effect<void, never, Scope.Scope> => {
  const ageMs = Duration.toMillis(age)
  const sweep = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    for (const key of yield* cache.keys) {
      const stats = yield* cache.entryStats(key)
      if (Option.exists(stats, ({ loadedMillis }) => loadedMillis + ageMs <= now)) yield* cache.invalidate(key)
    }
  })
  return Effect.asVoid(Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(sweepEvery))))
}
