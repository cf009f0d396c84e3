import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect, Exit, Layer, Option, Scope, TestClock } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { SyncLog } from "../../src/services/SyncLog.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { queriesOf, Spy, Spying } from "./spy.ts"

const at = (ms: number) => DateTime.unsafeMake(ms)

const configure = (orgId: OrgId, integration = "linear") =>
  Effect.flatMap(
    IntegrationsRepo,
    (repo) => repo.put({ orgId, integration, keyId: "k1", sealed: "sealed", configuredAt: at(0) })
  )

/** What the database holds. */
const stored = (orgId: OrgId, integration = "linear") =>
  Effect.flatMap(
    IntegrationsRepo,
    (repo) =>
      Effect.map(repo.find(orgId, integration), (row) =>
        Option.getOrNull(Option.flatMapNullable(row, ({ lastSync }) => lastSync)))
  )

const flushes = queriesOf("recordSyncs")

describe("SyncLog", () => {
  it.effect("writes nothing at a call, and all of them at once after five seconds", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      yield* TestClock.adjust(0)
      yield* Effect.forEach([acme, globex], (orgId) => configure(orgId))
      yield* Effect.forEach(Array.from({ length: 200 }), () =>
        Effect.all([log.record(acme, "linear"), log.record(globex, "linear")]))
      assert.strictEqual(yield* flushes, 0)
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(yield* flushes, 0)
      assert.isNull(yield* stored(acme))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* flushes, 1)
      deepStrictEqual([yield* stored(acme), yield* stored(globex)], [at(0), at(0)])
    }).pipe(Effect.provide(Spying)))

  it.effect("writes nothing when nothing happened", () =>
    Effect.gen(function*() {
      yield* configure(acme)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* flushes, 0)
      yield* (yield* SyncLog).record(acme, "linear")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* flushes, 1)
    }).pipe(Effect.provide(Spying)))

  it.effect("writes the latest time of each integration", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      yield* Effect.forEach(["linear", "sentry"], (integration) => configure(acme, integration))
      yield* log.record(acme, "linear")
      yield* TestClock.adjust("1 second")
      yield* log.record(acme, "sentry")
      yield* TestClock.adjust("2 seconds")
      yield* log.record(acme, "linear")
      deepStrictEqual(yield* log.latest(acme, "linear"), Option.some(at(3000)))
      yield* TestClock.adjust("2 seconds")
      deepStrictEqual([yield* stored(acme, "linear"), yield* stored(acme, "sentry")], [at(3000), at(1000)])
    }).pipe(Effect.provide(Spying)))

  it.effect("writes what is left when its scope closes", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* configure(acme)
      const scope = yield* Scope.make()
      const own = yield* Layer.buildWithScope(Layer.fresh(SyncLog.Default), scope)
      yield* TestClock.adjust("1 second")
      yield* Effect.provide(Effect.flatMap(SyncLog, (log) => log.record(acme, "linear")), own)
      assert.isNull(yield* stored(acme))
      yield* Scope.close(scope, Exit.void)
      deepStrictEqual(
        Option.map(yield* repo.find(acme, "linear"), ({ lastSync }) => lastSync),
        Option.some(at(1000))
      )
    }).pipe(Effect.provide(Spying)))

  it.effect("closes well although what is left cannot be written", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const own = yield* Layer.buildWithScope(Layer.fresh(SyncLog.Default), scope)
      yield* TestClock.adjust("1 second")
      yield* Effect.provide(Effect.flatMap(SyncLog, (log) => log.record(acme, "linear")), own)
      yield* (yield* Spy).before("recordSyncs", Effect.dieMessage("the database is away"))
      deepStrictEqual(yield* Effect.exit(Scope.close(scope, Exit.void)), Exit.void)
    }).pipe(Effect.provide(Spying)))

  it.effect("never moves a stored time back", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* configure(acme)
      for (const ms of [9000, 9001, 8999, 0, 10_000, 999]) {
        yield* repo.recordSyncs([{ orgId: acme, integration: "linear", at: at(ms) }])
      }
      deepStrictEqual(yield* stored(acme), at(10_000))
    }).pipe(Effect.provide(Spying)))

  it.effect("does not bring a forgotten integration back", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      const repo = yield* IntegrationsRepo
      yield* configure(acme)
      yield* log.record(acme, "linear")
      yield* log.forget(acme, "linear")
      yield* repo.remove(acme, "linear")
      deepStrictEqual(yield* log.latest(acme, "linear"), Option.none())
      yield* TestClock.adjust("5 seconds")
      deepStrictEqual(yield* repo.find(acme, "linear"), Option.none())
    }).pipe(Effect.provide(Spying)))

  it.effect("keeps orgs and integrations apart", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      yield* log.record(acme, "linear")
      deepStrictEqual(yield* log.latest(globex, "linear"), Option.none())
      deepStrictEqual(yield* log.latest(acme, "sentry"), Option.none())
      yield* log.forget(globex, "linear")
      deepStrictEqual(yield* log.latest(acme, "linear"), Option.some(at(0)))
    }).pipe(Effect.provide(Spying)))

  it.effect("goes on after a write that failed, and loses nothing by it", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      const spy = yield* Spy
      yield* configure(acme)
      yield* spy.before("recordSyncs", Effect.dieMessage("disk full"))
      yield* log.record(acme, "linear")
      yield* TestClock.adjust("5 seconds")
      assert.isNull(yield* stored(acme))
      yield* spy.before("recordSyncs", Effect.void)
      yield* TestClock.adjust("5 seconds")
      deepStrictEqual(yield* stored(acme), at(0))
    }).pipe(Effect.provide(Spying)))

  it.effect("knows the latest time also while it is being written", () =>
    Effect.gen(function*() {
      const log = yield* SyncLog
      const spy = yield* Spy
      const gate = yield* Deferred.make<void>()
      yield* configure(acme)
      yield* spy.before("recordSyncs", Deferred.await(gate))
      yield* log.record(acme, "linear")
      yield* TestClock.adjust("5 seconds")
      const meanwhile = yield* log.latest(acme, "linear")
      assert.strictEqual(yield* flushes, 1)
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(meanwhile, Option.some(at(0)))
    }).pipe(Effect.provide(Spying)))
})
