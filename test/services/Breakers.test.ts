import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Random, Ref, TestClock } from "effect"
import { IncidentNotFound, UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { Breakers, type Line } from "../../src/services/Breakers.ts"
import { acme, globex, org } from "../fakes/Storage.ts"

const line: Line = { orgId: acme, integration: "pagerduty", vendor: "PagerDuty", revision: "1" }

const failed = (reason: UpstreamFailed["reason"], details = "Request timeout after 10000ms") =>
  new UpstreamFailed({ vendor: "PagerDuty", reason, details })

const dead = Effect.fail(failed("timeout"))

const guarded = <A, E>(call: Effect.Effect<A, E>, at = line) =>
  Effect.flatMap(Breakers, (breakers) => breakers.guard(at)(call))

const checked = (at = line) => Effect.flatMap(Breakers, (breakers) => breakers.check(at))

/** The vendor does not answer, as often as it takes. */
const kill = (at = line) => Effect.replicateEffect(Effect.flip(guarded(dead, at)), 5)

/** Whether a call is made at all. */
const reaches = (at = line) =>
  Effect.gen(function*() {
    const made = yield* Ref.make(false)
    yield* Effect.exit(guarded(Ref.set(made, true), at))
    return yield* Ref.get(made)
  })

/** Waits are at their longest; each test has a log of its own. */
const Quiet = Layer.mergeAll(Breakers.Default, Logger.remove(Logger.defaultLogger))
const run = <A, E>(test: Effect.Effect<A, E, Breakers>) =>
  test.pipe(Effect.withRandom(Random.fixed([0])), Effect.provide(Quiet))

describe("calls to a vendor that is down", () => {
  it.effect("fail at once with the last reason and the time of the next try, and recover by themselves", () =>
    run(Effect.gen(function*() {
      yield* TestClock.setTime(Date.parse("2026-03-21T14:00:00Z"))
      yield* kill()
      const error = yield* Effect.flip(guarded(Effect.dieMessage("it was called")))
      deepStrictEqual([error.message, error.details, error.retryAfterMs], [
        "Failed to fetch from PagerDuty API",
        "Request timeout after 10000ms; next try at 2026-03-21T14:00:05Z",
        5000
      ])
      assert.strictEqual((yield* Effect.flip(checked())).details, error.details)
      yield* TestClock.adjust("4999 millis")
      assert.isFalse(yield* reaches())
      yield* TestClock.adjust("1 millis")
      yield* checked()
      assert.isTrue(yield* reaches())
      assert.isTrue(yield* reaches())
      assert.strictEqual(yield* Effect.flatMap(Breakers, ({ size }) => size), 0)
    })))

  it.effect("are tried out one at a time, and later from time to time", () =>
    run(Effect.gen(function*() {
      yield* kill()
      yield* TestClock.adjust("5 seconds")
      const end = yield* Deferred.make<void, UpstreamFailed>()
      const trial = yield* Effect.fork(Effect.flip(guarded(Deferred.await(end))))
      yield* TestClock.adjust("3 seconds")
      const error = yield* Effect.flip(guarded(Effect.dieMessage("it was called")))
      deepStrictEqual([error.details, error.retryAfterMs], [
        "Request timeout after 10000ms; a call is trying it now",
        1000
      ])
      yield* Deferred.fail(end, failed("unreachable", "PagerDuty could not be reached (ECONNREFUSED)"))
      yield* Fiber.join(trial)
      assert.include((yield* Effect.flip(checked())).details, "ECONNREFUSED")
      yield* TestClock.adjust("9999 millis")
      assert.isFalse(yield* reaches())
      yield* TestClock.adjust("1 millis")
      assert.isTrue(yield* reaches())
    })))

  it.effect("are tried out by the next one when who tried it has hung up", () =>
    run(Effect.gen(function*() {
      yield* kill()
      yield* TestClock.adjust("5 seconds")
      const trial = yield* Effect.fork(guarded(Effect.never))
      yield* TestClock.adjust(0)
      assert.isFalse(yield* reaches())
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(trial)))
      assert.isTrue(yield* reaches())
    })))

  it.effect("are one organisation's, one vendor's and one config's", () =>
    run(Effect.gen(function*() {
      yield* kill()
      assert.isFalse(yield* reaches())
      assert.isTrue(yield* reaches({ ...line, orgId: globex }))
      assert.isTrue(yield* reaches({ ...line, integration: "linear" }))
      assert.isTrue(yield* reaches({ ...line, revision: "2" }))
    })))

  it.effect("which were begun before a configure say nothing about what is configured now", () =>
    run(Effect.gen(function*() {
      const end = yield* Deferred.make<void>()
      const slow = Effect.zipRight(Deferred.await(end), dead)
      const calls = yield* Effect.fork(
        Effect.all(Array.from({ length: 5 }, () => Effect.exit(guarded(slow))), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(0)
      const now = { ...line, revision: "2" }
      yield* Effect.flip(guarded(dead, now))
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(calls)
      assert.isTrue(yield* reaches(now))
    })))
})

describe("a breaker stays closed", () => {
  it.effect.each([
    failed("throttled"),
    failed("credentials"),
    failed("unreadable"),
    new UpstreamRejected({ vendor: "PagerDuty", details: "no such service" }),
    new IncidentNotFound()
  ])("for %o", (error) =>
    run(Effect.gen(function*() {
      yield* Effect.replicateEffect(Effect.flip(guarded(Effect.fail(error))), 20)
      assert.isTrue(yield* reaches())
    })))

  it.effect("for failures that are not in a row, or long ago", () =>
    run(Effect.gen(function*() {
      yield* Effect.replicateEffect(Effect.zipRight(Effect.flip(guarded(dead)), guarded(Effect.void)), 20)
      yield* Effect.replicateEffect(Effect.flip(guarded(dead)), 4)
      yield* TestClock.adjust("11 minutes")
      yield* Effect.flip(guarded(dead))
      assert.isTrue(yield* reaches())
    })))
})

describe("what is kept", () => {
  const size = Effect.flatMap(Breakers, ({ size }) => size)

  it.effect("is bounded, however many organisations have a vendor that is down", () =>
    run(Effect.gen(function*() {
      yield* Effect.forEach(Array.from({ length: 10_050 }, (_, index) => index), (index) =>
        Effect.flip(guarded(dead, { ...line, orgId: org(`org-${index}`) })))
      assert.strictEqual(yield* size, 10_000)
    })))

  it.effect("is forgotten when nobody calls any more", () =>
    run(Effect.gen(function*() {
      for (const orgId of [acme, globex]) yield* kill({ ...line, orgId })
      assert.strictEqual(yield* size, 2)
      yield* TestClock.adjust("11 minutes")
      yield* Effect.flip(guarded(dead, { ...line, orgId: org("org-third") }))
      assert.strictEqual(yield* size, 1)
    })))
})

describe("the log", () => {
  it.effect("says when calls begin to fail at once, and when they end to", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const Log = Logger.replace(
        Logger.defaultLogger,
        Logger.map(Logger.logfmtLogger, (line) => void lines.push(line))
      )
      yield* Effect.gen(function*() {
        yield* kill()
        yield* Effect.replicateEffect(Effect.flip(checked()), 3)
        yield* TestClock.adjust("5 seconds")
        yield* guarded(Effect.void)
      }).pipe(Effect.withRandom(Random.fixed([0])), Effect.provide(Layer.merge(Breakers.Default, Log)))
      assert.lengthOf(lines, 2)
      assert.match(
        lines[0] ?? "",
        /WARN.*PagerDuty fail at once until 1970-01-01T00:00:05Z.*integration=pagerduty org=org-acme-corp/
      )
      assert.match(lines[1] ?? "", /INFO.*PagerDuty answers again/)
    }))
})
