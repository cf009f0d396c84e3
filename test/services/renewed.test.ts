import { assert, describe, it } from "@effect/vitest"
import { Cache, Effect, TestClock } from "effect"
import { renewed } from "../../src/services/renewed.ts"
import { collected } from "../fakes/heap.ts"

/** A key, and whether somebody still holds it. */
const keys = () => {
  const held: Array<WeakRef<object>> = []
  const fresh = () => {
    const key = { n: held.length }
    held.push(new WeakRef(key))
    return key
  }
  return { fresh, count: () => held.filter((ref) => ref.deref() !== undefined).length }
}

describe("a cache of what is decrypted", () => {
  it.scoped("holds nothing after its interval, though nobody asks for it, and answers as before", () =>
    Effect.gen(function*() {
      let lookups = 0
      const make = Cache.make({
        capacity: 100,
        timeToLive: "1 hour",
        lookup: (key: string) => Effect.sync(() => `${key} ${++lookups}`)
      })
      const cache = yield* renewed(make, "1 minute")
      assert.strictEqual(yield* cache.get("a"), "a 1")
      assert.strictEqual(yield* cache.get("a"), "a 1")
      yield* cache.invalidate("a")
      assert.strictEqual(yield* cache.get("a"), "a 2")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* cache.size, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* cache.size, 0)
      assert.strictEqual(yield* cache.get("a"), "a 3")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* cache.size, 0)
    }))

  it.scoped("lets go of the keys of what has expired", () =>
    Effect.gen(function*() {
      const { count, fresh } = keys()
      const make = Cache.make({
        capacity: 10_000,
        timeToLive: "1 millis",
        lookup: (key: object) => Effect.succeed(key)
      })
      const cache = yield* renewed(make, "1 minute")
      for (let n = 0; n < 1000; n++) yield* Effect.suspend(() => cache.get(fresh()))
      yield* TestClock.adjust("1 minute")
      yield* cache.get(fresh())
      yield* collected
      assert.isBelow(count(), 3)
    }))
})
