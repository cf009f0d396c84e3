import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, DateTime, Deferred, Duration, Effect, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import type * as Crypto from "node:crypto"
import { vi } from "vitest"
import type { TokenId } from "../../src/domain/Token.ts"
import { TokensRepo } from "../../src/persistence/TokensRepo.ts"
import { TokenCheck } from "../../src/services/TokenCheck.ts"
import { Tokens } from "../../src/services/Tokens.ts"
import { acme, Memory } from "../fakes/Storage.ts"
import { advance } from "../fakes/turns.ts"

/** How often each costly step was taken. */
const steps = { hashes: 0, comparisons: 0, lookUps: 0, writes: 0 }

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof Crypto>()
  return {
    ...real,
    createHash: (...parameters: Parameters<typeof real.createHash>) => {
      steps.hashes++
      return real.createHash(...parameters)
    },
    timingSafeEqual: (...parameters: Parameters<typeof real.timingSafeEqual>) => {
      steps.comparisons++
      return real.timingSafeEqual(...parameters)
    }
  }
})

/** What happens between a look-up's read and its answer. */
class Gate extends Context.Tag("test/Gate")<Gate, { run: Effect.Effect<void> }>() {}

const Counted = Layer.effectContext(
  Effect.gen(function*() {
    const repo = yield* TokensRepo
    const gate = { run: Effect.void }
    const counted = TokensRepo.make({
      ...repo,
      find: (id) =>
        Effect.suspend(() => {
          steps.lookUps++
          return Effect.zipLeft(repo.find(id), gate.run)
        }),
      recordUses: (uses) =>
        Effect.suspend(() => {
          steps.writes++
          return repo.recordUses(uses)
        })
    })
    return Context.make(TokensRepo, counted).pipe(Context.add(Gate, gate))
  })
)

const Services = Layer.merge(TokenCheck.Default, Tokens.Default).pipe(
  Layer.provideMerge(Counted),
  Layer.provide(Memory)
)

const during = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = { ...steps }
    const result = yield* effect
    const taken = {
      hashes: steps.hashes - before.hashes,
      lookUps: steps.lookUps - before.lookUps,
      comparisons: steps.comparisons - before.comparisons
    }
    return { result, taken }
  })

const make = (lifetime: Option.Option<Duration.Duration> = Option.none()) =>
  Effect.flatMap(Tokens, (tokens) => tokens.create({ orgId: acme, name: "ci", scopes: ["read"], lifetime }))

const check = (bearer: Redacted.Redacted) => Effect.flatMap(TokenCheck, (tokens) => tokens.check(bearer))
const isGood = (bearer: Redacted.Redacted) => Effect.map(check(bearer), Option.isSome)

const usedAt = (id: TokenId) =>
  Effect.flatMap(TokensRepo, (repo) =>
    Effect.map(repo.find(id), (row) => {
      const { lastUsedAt } = Option.getOrThrow(row)
      return lastUsedAt === null ? null : DateTime.toEpochMillis(lastUsedAt)
    }))

const madeUp = Redacted.make(`int_ffffffffffffffff_${"x".repeat(43)}`)

describe("tokens that are no good", () => {
  it.effect("all cost the same: one hash, one look-up, one comparison", () =>
    Effect.gen(function*() {
      const [good, revoked, expired] = [yield* make(), yield* make(), yield* make(Option.some(Duration.seconds(5)))]
      yield* Effect.flatMap(Tokens, (tokens) => tokens.revoke(revoked.token.id))
      yield* TestClock.adjust("1 minute")
      const cases = {
        good: good.bearer,
        unknown: madeUp,
        malformed: Redacted.make("not-a-token"),
        empty: Redacted.make(""),
        "of another's secret": Redacted.make(`${good.token.id}_${"x".repeat(43)}`),
        revoked: revoked.bearer,
        "revoked, of another's secret": Redacted.make(`${revoked.token.id}_${"x".repeat(43)}`),
        expired: expired.bearer
      }
      for (const [name, bearer] of Object.entries(cases)) {
        // What was looked up before is not known any more.
        yield* TestClock.adjust("1 minute")
        const first = yield* during(check(bearer))
        deepStrictEqual(first.taken, { hashes: 1, lookUps: 1, comparisons: 1 }, name)
        assert.strictEqual(Option.isSome(first.result), name === "good", name)
        // And all are remembered alike.
        const second = yield* during(check(bearer))
        deepStrictEqual(second.taken, { hashes: 1, lookUps: 0, comparisons: 1 }, name)
        assert.strictEqual(Option.isSome(second.result), name === "good", name)
      }
    }).pipe(Effect.provide(Services)))

  it.effect("that are made up are remembered for a while and in a bounded number", () =>
    Effect.gen(function*() {
      const { bearer } = yield* make()
      const all = Array.from({ length: 10_050 }, (_, number) =>
        Redacted.make(`int_${number.toString(16).padStart(16, "0")}_${"x".repeat(43)}`))
      yield* Effect.forEach(all, check, { discard: true })
      const [oldest = madeUp] = all
      // The oldest was pushed out; the latest is still there.
      deepStrictEqual((yield* during(check(all.at(-1) ?? madeUp))).taken.lookUps, 0)
      deepStrictEqual((yield* during(check(oldest))).taken.lookUps, 1)
      assert.isTrue(yield* isGood(bearer))
    }).pipe(Effect.provide(Services)))
})

describe("a token", () => {
  it.effect("that was revoked by another process is refused within two seconds", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make()
      assert.isTrue(yield* isGood(bearer))
      yield* Effect.flatMap(Tokens, (tokens) => tokens.revoke(token.id))
      yield* TestClock.adjust("2 seconds")
      assert.isFalse(yield* isGood(bearer))
    }).pipe(Effect.provide(Services)))

  it.effect("that was revoked while it was looked up is refused within two seconds too", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<Tokens>()
      const { bearer, token } = yield* make()
      const gate = yield* Gate
      // The revocation comes between the read and its answer, which takes most of a second.
      gate.run = Effect.zipRight(
        Effect.flatMap(Tokens, (tokens) => tokens.revoke(token.id)),
        Effect.sleep("900 millis")
      ).pipe(Effect.provide(context), Effect.asVoid)
      const asked = yield* Effect.fork(isGood(bearer))
      yield* TestClock.adjust("900 millis")
      assert.isTrue(yield* Fiber.join(asked))
      gate.run = Effect.void
      yield* TestClock.adjust("1100 millis")
      assert.isFalse(yield* isGood(bearer))
    }).pipe(Effect.provide(Services)))

  it.effect("that was made a moment ago is taken within two seconds, also when somebody guessed its id before", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make()
      assert.isFalse(yield* isGood(Redacted.make(`${token.id}_${"x".repeat(43)}`)))
      assert.isTrue(yield* isGood(bearer))
    }).pipe(Effect.provide(Services)))

  it.effect("is good until its time has come, cached or not", () =>
    Effect.gen(function*() {
      const { bearer } = yield* make(Option.some(Duration.seconds(10)))
      yield* TestClock.adjust("9500 millis")
      assert.isTrue(yield* isGood(bearer))
      yield* TestClock.adjust("499 millis")
      assert.isTrue(yield* isGood(bearer))
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* isGood(bearer))
    }).pipe(Effect.provide(Services)))

  it.effect("is looked up once for all who bring it at the same time, and for none in vain", () =>
    Effect.gen(function*() {
      const { bearer } = yield* make()
      const gate = yield* Gate
      const opened = yield* Deferred.make<void>()
      gate.run = Deferred.await(opened)
      const before = steps.lookUps
      const [first, ...others] = yield* Effect.replicateEffect(Effect.fork(isGood(bearer)), 10)
      yield* Effect.yieldNow()
      // The first, whose look-up it is, hangs up.
      const hungUp = yield* Effect.fork(first === undefined ? Effect.void : Fiber.interrupt(first))
      yield* Deferred.succeed(opened, undefined)
      yield* Fiber.join(hungUp)
      deepStrictEqual(yield* Fiber.join(Fiber.all(others)), others.map(() => true))
      assert.strictEqual(steps.lookUps - before, 1)
    }).pipe(Effect.provide(Services)))
})

describe("when a token was used", () => {
  it.effect("is written behind, once for many uses", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make()
      const before = steps.writes
      yield* advance("1 second")
      yield* Effect.replicateEffect(check(bearer), 100)
      assert.isNull(yield* usedAt(token.id))
      assert.strictEqual(steps.writes, before)
      yield* advance("5 seconds")
      assert.strictEqual(yield* usedAt(token.id), 1000)
      assert.strictEqual(steps.writes, before + 1)
      yield* advance("1 minute")
      assert.strictEqual(steps.writes, before + 1)
    }).pipe(Effect.provide(Services)))

  it.effect("is written at shutdown", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make()
      yield* advance("1 second")
      yield* check(bearer).pipe(Effect.provide(Layer.fresh(TokenCheck.Default)))
      assert.strictEqual(yield* usedAt(token.id), 1000)
    }).pipe(Effect.provide(Tokens.Default.pipe(Layer.provideMerge(Counted), Layer.provide(Memory)))))

  it.effect("is no time at which it was refused", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make()
      yield* Effect.flatMap(Tokens, (tokens) => tokens.revoke(token.id))
      yield* check(Redacted.make(`${token.id}_${"x".repeat(43)}`))
      yield* check(bearer)
      yield* advance("5 seconds")
      assert.isNull(yield* usedAt(token.id))
    }).pipe(Effect.provide(Services)))
})
