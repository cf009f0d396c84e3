import { type Cache, type Duration, Effect, type Scope } from "effect"

/** What is used of a cache here. */
export interface Renewed<Key, Value, E> {
  readonly get: (key: Key) => Effect.Effect<Value, E>
  readonly invalidate: (key: Key) => Effect.Effect<void>
  readonly size: Effect.Effect<number>
}

/**
 * A cache that is made anew at intervals. By itself Effect's `Cache` never lets go of the key of an entry that has expired
 * or was invalidated, as long as there is room: some 200 bytes for each reading, gigabytes in a week. And what nobody asks
 * for any more stays until newer entries need its room, secrets too.
 */
export const renewed = <Key, Value, E, R>(
  make: Effect.Effect<Cache.Cache<Key, Value, E>, never, R>,
  every: Duration.DurationInput
): Effect.Effect<Renewed<Key, Value, E>, never, R | Scope.Scope> =>
  Effect.gen(function*() {
    let cache = yield* make
    yield* make.pipe(
      Effect.map((fresh) => void (cache = fresh)),
      Effect.delay(every),
      Effect.forever,
      Effect.forkScoped
    )
    return {
      get: (key) => Effect.suspend(() => cache.get(key)),
      invalidate: (key) => Effect.suspend(() => cache.invalidate(key)),
      size: Effect.suspend(() => cache.size)
    }
  })
