import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Option, TestClock } from "effect"
import { boundedBuckets } from "../../src/services/boundedBuckets.ts"
import { RateLimits } from "../../src/services/RateLimits.ts"
import { acme, environment, globex, org } from "../fakes/Storage.ts"

const limits = (variables: Readonly<Record<string, string>> = {}) =>
  RateLimits.Default.pipe(Layer.provide(environment(variables)), Layer.orDie)

const request = (orgId = acme) => Effect.flatMap(RateLimits, (limits) => limits.request(orgId))
const isServed = (orgId = acme) => Effect.map(Effect.exit(request(orgId)), Exit.isSuccess)
const servedOf = (count: number, orgId = acme) =>
  Effect.map(Effect.replicateEffect(isServed(orgId), count), (served) => served.filter(Boolean).length)

const from = (address: string) => Option.some(address)
const fails = (address: string) =>
  Effect.flatMap(RateLimits, ({ signatures }) => Effect.exit(signatures.count(from(address))))
const mayTry = (address: string) =>
  Effect.flatMap(
    RateLimits,
    ({ signatures }) => Effect.map(Effect.exit(signatures.mayTry(from(address))), Exit.isSuccess)
  )

describe("an organisation's requests", () => {
  it.effect("may come in a burst, and then as fast as the bucket fills", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* servedOf(150), 100)
      yield* TestClock.adjust("20 millis")
      assert.strictEqual(yield* servedOf(5), 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* servedOf(100), 50)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* servedOf(150), 100)
    }).pipe(Effect.provide(limits())))

  it.effect("are refused with the time of the next one", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* servedOf(4), 3)
      const refused = yield* Effect.flip(request())
      assert.deepInclude(refused, { _tag: "RateLimited", retryAfterMs: 500 })
      assert.strictEqual(refused.details, "The organisation may make 2 requests a second, 3 in a burst")
      yield* TestClock.adjust("499 millis")
      assert.isFalse(yield* isServed())
      yield* TestClock.adjust("1 millis")
      assert.isTrue(yield* isServed())
    }).pipe(Effect.provide(limits({ RATE_LIMIT: "2/s burst 3" }))))

  it.effect("take nothing of another's share", () =>
    Effect.gen(function*() {
      yield* servedOf(500)
      assert.strictEqual(yield* servedOf(100, globex), 100)
      assert.isFalse(yield* isServed())
    }).pipe(Effect.provide(limits())))

  it.effect("have twice the rate for a burst where none is given, and no limit where it is off", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.provide(servedOf(50), limits({ RATE_LIMIT: "7/s" })), 14)
      assert.strictEqual(yield* Effect.provide(servedOf(5000), limits({ RATE_LIMIT: "off" })), 5000)
    }))
})

describe("a million made-up organisations", () => {
  it.effect("get no more buckets than there are, and share what is left", () =>
    Effect.gen(function*() {
      const { entries, store } = boundedBuckets({ own: 1000, shared: 16 })
      const taken = (key: string) =>
        store.tokenBucket({ key, tokens: 1, limit: 100, refillRate: Duration.millis(20), allowOverflow: false })
      let served = 0
      for (let index = 0; index < 1_000_000; index++) served += (yield* taken(`made-up-${index}`)) >= 0 ? 1 : 0
      assert.strictEqual(yield* entries, 1000)
      // The clock stood still, so each shared bucket has given what one bucket gives.
      assert.strictEqual(served, 1000 + 16 * 100)
      yield* TestClock.adjust("20 millis")
      for (let index = 0; index < 5000; index++) yield* taken(`other-${index}`)
      assert.strictEqual(yield* entries, 1000)
      assert.strictEqual(yield* taken("made-up-0"), -1)
    }), 120_000)

  it.effect("get what is left in the service too", () =>
    Effect.gen(function*() {
      const { entries, request } = yield* RateLimits
      for (let index = 0; index < 60_000; index++) yield* Effect.ignore(request(org(`made-up-${index}`)))
      assert.strictEqual(yield* entries, 50_000)
    }).pipe(Effect.provide(limits())), 60_000)

  it.effect("do not take away or renew the bucket of one who uses it", () =>
    Effect.gen(function*() {
      const { entries, request } = yield* RateLimits
      yield* servedOf(100)
      for (let index = 0; index < 80_000; index++) {
        yield* Effect.ignore(request(org(`made-up-${index}`)))
        // Two seconds in all would fill the bucket: this is a quarter of a second.
        if (index % 320 === 0) yield* TestClock.adjust("1 millis")
      }
      assert.isAtMost(yield* entries, 50_000)
      assert.strictEqual(yield* servedOf(100), 12)
    }).pipe(Effect.provide(limits())), 60_000)

  it.effect("make room for others once their buckets are full", () =>
    Effect.gen(function*() {
      const { entries, request } = yield* RateLimits
      for (let index = 0; index < 60_000; index++) yield* Effect.ignore(request(org(`made-up-${index}`)))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* servedOf(150, globex), 100)
      assert.isAtMost(yield* entries, 50_000)
    }).pipe(Effect.provide(limits())))
})

describe("failed attempts", () => {
  it.effect("of an address are so many, and take nothing of others'", () =>
    Effect.gen(function*() {
      for (let index = 0; index < 100; index++) assert.isTrue(Exit.isSuccess(yield* fails("203.0.113.9")), `${index}`)
      assert.isFalse(yield* mayTry("203.0.113.9"))
      assert.isTrue(Exit.isFailure(yield* fails("203.0.113.9")))
      assert.isTrue(yield* mayTry("203.0.113.10"))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(yield* mayTry("203.0.113.9"))
    }).pipe(Effect.provide(limits())))

  it.effect("of all addresses together are so many, however much one of them fails", () =>
    Effect.gen(function*() {
      for (let index = 0; index < 5000; index++) yield* fails("203.0.113.9")
      for (let index = 0; index < 1899; index++) yield* fails(`198.51.${index >> 8}.${index & 255}`)
      assert.isTrue(yield* mayTry("192.0.2.1"))
      yield* fails("192.0.2.2")
      assert.isFalse(yield* mayTry("192.0.2.1"))
      yield* TestClock.adjust("5 millis")
      assert.isTrue(yield* mayTry("192.0.2.1"))
    }).pipe(Effect.provide(limits())))

  it.effect("are counted for a whole IPv6 network, and for an IPv4 address in each of its spellings", () =>
    Effect.gen(function*() {
      for (let index = 0; index < 100; index++) yield* fails(`2001:db8:1:2::${index.toString(16)}`)
      assert.isFalse(yield* mayTry("2001:db8:1:2:ffff:ffff:ffff:ffff"))
      assert.isTrue(yield* mayTry("2001:db8:1:3::1"))
      assert.isTrue(yield* mayTry("2001:db8::1"))
      for (let index = 0; index < 100; index++) yield* fails("::ffff:192.0.2.7")
      assert.isFalse(yield* mayTry("192.0.2.7"))
      assert.isTrue(yield* mayTry("::1"))
    }).pipe(Effect.provide(limits())))
})
