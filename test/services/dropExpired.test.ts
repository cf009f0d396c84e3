import { assert, describe, it } from "@effect/vitest"
import { Cache, Effect, TestClock } from "effect"
import { dropExpired } from "../../src/services/dropExpired.ts"

describe("a cache of what is decrypted", () => {
  it.scoped("holds nothing a minute after its time, though nobody asks for it", () =>
    Effect.gen(function*() {
      const cache = yield* Cache.make({
        capacity: 100,
        timeToLive: "2 seconds",
        lookup: (key: string) => Effect.succeed(`of ${key}`)
      })
      yield* dropExpired(cache, "2 seconds")
      yield* Effect.forEach(["a", "b", "c"], (key) => cache.get(key))
      yield* TestClock.adjust("59 seconds")
      yield* cache.get("fresh")
      assert.strictEqual(yield* cache.size, 4)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* cache.keys, ["fresh"])
      assert.strictEqual(yield* cache.size, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* cache.size, 0)
    }))
})
