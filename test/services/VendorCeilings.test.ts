import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Layer, Metric, TestClock } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { vendorCallsRefused } from "../../src/observability/metrics.ts"
import { VendorCeilings } from "../../src/services/VendorCeilings.ts"
import { acme, environment, globex, org } from "../fakes/Storage.ts"

const Ceilings = Layer.provide(Layer.orDie(VendorCeilings.Default), environment({ UPSTREAM_TIMEOUT: "10 seconds" }))

/** Calls that end when they are told to, and who has begun so far. */
const calls = Effect.gen(function*() {
  const { within } = yield* VendorCeilings
  const begun: Array<string> = []
  const start = (orgId: OrgId, name: string, integration = "pagerduty") =>
    Effect.gen(function*() {
      const end = yield* Deferred.make<void>()
      const call = Effect.zipRight(Effect.sync(() => void begun.push(name)), Deferred.await(end))
      const fiber = yield* Effect.fork(within({ orgId, integration, vendor: "PagerDuty" })(call))
      yield* TestClock.adjust(0)
      return { fiber, end: Effect.zipRight(Deferred.succeed(end, undefined), TestClock.adjust(0)) }
    })
  const startMany = (count: number, orgId: OrgId, name: string) =>
    Effect.forEach(Array.from({ length: count }), () => start(orgId, name))
  return { begun, start, startMany }
})

const ended = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.poll(fiber), (exit) => exit._tag === "Some")

describe("calls of one organisation to one vendor", () => {
  it.scoped("are eight at a time; thirty-two wait, first come first served; the next is refused at once", () =>
    Effect.gen(function*() {
      const { begun, start, startMany } = yield* calls
      const first = yield* startMany(8, acme, "first")
      const waiting = yield* Effect.forEach(Array.from({ length: 32 }), (_, index) => start(acme, `waiting-${index}`))
      assert.lengthOf(begun, 8)
      const { fiber } = yield* start(acme, "too many")
      const error = yield* Effect.flip(Fiber.join(fiber))
      deepStrictEqual([error._tag, error.details, error.retryAfterMs], [
        "ServiceUnavailable",
        "Too many calls to PagerDuty are under way",
        2000
      ])
      yield* Effect.forEach(first.slice(0, 3), ({ end }) => end)
      deepStrictEqual(begun.slice(8), ["waiting-0", "waiting-1", "waiting-2"])
      // There is room in the line again, for as many as have left it.
      const more = yield* startMany(3, acme, "more")
      for (const { fiber } of more) assert.isFalse(yield* ended(fiber))
      assert.isTrue(yield* ended((yield* start(acme, "too many")).fiber))
      yield* Effect.forEach([...first, ...waiting, ...more], ({ end }) => end)
      yield* Fiber.join(Fiber.all([...first, ...waiting, ...more].map(({ fiber }) => fiber)))
      assert.lengthOf(begun, 43)
    }).pipe(Effect.provide(Ceilings)))

  it.scoped("are counted where they are refused", () =>
    Effect.gen(function*() {
      const { start, startMany } = yield* calls
      const refused = Effect.map(Metric.value(vendorCallsRefused("PagerDuty", "ceiling")), ({ count }) => count)
      yield* startMany(40, acme, "waiting")
      const before = yield* refused
      yield* start(acme, "too many")
      assert.strictEqual((yield* refused) - before, 1)
      // Those that wait in vain until their deadline are refused, too.
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* refused) - before, 33)
    }).pipe(Effect.provide(Ceilings)))

  it.scoped("hinder neither its calls to another vendor nor another organisation's", () =>
    Effect.gen(function*() {
      const { begun, start, startMany } = yield* calls
      yield* startMany(40, acme, "hanging")
      yield* start(acme, "linear", "linear")
      yield* start(globex, "globex")
      deepStrictEqual(begun.slice(8), ["linear", "globex"])
    }).pipe(Effect.provide(Ceilings)))

  it.scoped("wait no longer than the deadline, and give back what they never used", () =>
    Effect.gen(function*() {
      const { begun, start, startMany } = yield* calls
      const first = yield* startMany(8, acme, "first")
      const gone = yield* startMany(2, acme, "gone")
      const late = yield* startMany(30, acme, "late")
      for (const { fiber } of gone) assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("10 seconds")
      for (const { fiber } of late) {
        assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "ServiceUnavailable")
      }
      assert.lengthOf(begun, 8)
      yield* Effect.forEach(first, ({ end }) => end)
      yield* startMany(8, acme, "next")
      assert.lengthOf(begun, 16)
      assert.isFalse(yield* ended((yield* start(acme, "waits")).fiber))
    }).pipe(Effect.provide(Ceilings)))
})

describe("calls of all organisations to one vendor", () => {
  it.scoped("are 128 at a time, of which none has more than its share, and others' vendors do not notice", () =>
    Effect.gen(function*() {
      const { begun, start, startMany } = yield* calls
      const orgs = Array.from({ length: 17 }, (_, index) => org(`org-${index}`))
      const all = yield* Effect.forEach(orgs, (orgId) => startMany(9, orgId, orgId))
      assert.lengthOf(begun, 128)
      for (const orgId of orgs.slice(0, 16)) assert.lengthOf(begun.filter((name) => name === orgId), 8)
      // In the line for the vendor are eight of the last organisation, whoever else has more to ask.
      yield* startMany(20, org("org-0"), "org-0")
      yield* start(globex, "globex")
      yield* Effect.forEach([...(all[0] ?? []).slice(0, 8), ...(all[1] ?? []).slice(0, 1)], ({ end }) => end)
      deepStrictEqual(begun.slice(128), [...Array.from({ length: 8 }, () => "org-16"), "globex"])
      yield* start(acme, "linear", "linear")
      assert.strictEqual(begun.at(-1), "linear")
    }).pipe(Effect.provide(Ceilings)))
})
