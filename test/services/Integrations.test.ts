import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Cause, DateTime, Deferred, Effect, Exit, Fiber, Option, Redacted, TestClock } from "effect"
import { IntegrationNotConfigured } from "../../src/domain/Errors.ts"
import { linear } from "../../src/integrations/linear/definition.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { queriesOf, Spy, Spying } from "./spy.ts"

const key = (apiKey: string) => ({ apiKey })
const connection = Effect.map(Integrations, (integrations) => integrations.connect(linear))

/** The key that the org's calls to Linear would use now. */
const keyNow = (orgId = acme) =>
  Effect.flatMap(connection, ({ open }) => Effect.map(open(orgId), ({ config }) => Redacted.value(config.apiKey)))

const standing = (orgId = acme, integration = "linear") =>
  Effect.flatMap(Integrations, ({ standings }) => Effect.map(standings(orgId), (of) => of(integration)))

describe("configure, open, show, forget", () => {
  it.effect("what was never configured is not", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      const error = yield* Effect.flip(keyNow())
      assert.instanceOf(error, IntegrationNotConfigured)
      assert.strictEqual(error.message, "Linear integration is not configured")
      deepStrictEqual(yield* standing(), { configured: false, status: "inactive", lastSync: null })
      assert.isTrue(Option.isNone(yield* integrations.show(acme, "linear", Effect.succeed)))
      assert.isFalse(yield* integrations.forget(acme, "linear"))
    }).pipe(Effect.provide(Spying)))

  it.effect("configure is seen by the very next call, also after a miss and after another config", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      yield* Effect.flip(keyNow())
      yield* TestClock.adjust("1 minute")
      const configuredAt = yield* integrations.configure(acme, "linear", key("first"))
      assert.strictEqual(DateTime.toEpochMillis(configuredAt), 60_000)
      assert.strictEqual(yield* keyNow(), "first")
      yield* integrations.configure(acme, "linear", key("second"))
      assert.strictEqual(yield* keyNow(), "second")
      deepStrictEqual(yield* standing(), { configured: true, status: "active", lastSync: null })
    }).pipe(Effect.provide(Spying)))

  it.effect("forget is seen by the very next call", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      yield* integrations.configure(acme, "linear", key("first"))
      yield* keyNow()
      assert.isTrue(yield* integrations.forget(acme, "linear"))
      assert.instanceOf(yield* Effect.flip(keyNow()), IntegrationNotConfigured)
      assert.isFalse(yield* integrations.forget(acme, "linear"))
      deepStrictEqual(yield* standing(), { configured: false, status: "inactive", lastSync: null })
    }).pipe(Effect.provide(Spying)))

  it.effect("configure replaces the whole config", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      yield* integrations.configure(acme, "linear", { apiKey: "first", teamId: "ENG" })
      yield* integrations.configure(acme, "linear", key("second"))
      const { config } = yield* Effect.flatMap(connection, ({ open }) => open(acme))
      assert.notProperty(config, "teamId")
      const shown = Option.getOrThrow(yield* integrations.show(acme, "linear", Effect.succeed))
      deepStrictEqual(shown.config, key("second"))
    }).pipe(Effect.provide(Spying)))

  it.effect("one org's config is no other's", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      yield* integrations.configure(acme, "linear", key("acme-key"))
      assert.instanceOf(yield* Effect.flip(keyNow(globex)), IntegrationNotConfigured)
      yield* integrations.configure(globex, "linear", key("globex-key"))
      assert.isFalse(yield* integrations.forget(globex, "sentry"))
      deepStrictEqual([yield* keyNow(acme), yield* keyNow(globex)], ["acme-key", "globex-key"])
      yield* integrations.forget(globex, "linear")
      assert.strictEqual(yield* keyNow(acme), "acme-key")
      assert.strictEqual((yield* standing(globex)).status, "inactive")
    }).pipe(Effect.provide(Spying)))

  it.effect("nothing in the row is in clear, and a row moved to another org does not open", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      const repo = yield* IntegrationsRepo
      yield* integrations.configure(acme, "linear", key("canary-key"))
      const row = Option.getOrThrow(yield* repo.find(acme, "linear"))
      assert.notInclude(JSON.stringify(row), "canary")
      assert.notInclude(Buffer.from(row.sealed, "base64").toString("latin1"), "canary")
      yield* repo.put({ ...row, orgId: globex })
      const exit = yield* Effect.exit(keyNow(globex))
      const shown = Exit.isFailure(exit) && Cause.isDie(exit.cause) ? Cause.pretty(exit.cause) : "it opened"
      assert.include(shown, `The linear config of ${globex} does not open with key ${row.keyId}`)
      assert.notInclude(shown, "canary")
    }).pipe(Effect.provide(Spying)))

  it.effect("a change that went past this process is seen after two seconds", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      const repo = yield* IntegrationsRepo
      yield* integrations.configure(acme, "linear", key("first"))
      assert.strictEqual(yield* keyNow(), "first")
      yield* repo.remove(acme, "linear")
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* keyNow(), "first")
      yield* TestClock.adjust("2 millis")
      assert.instanceOf(yield* Effect.flip(keyNow()), IntegrationNotConfigured)
    }).pipe(Effect.provide(Spying)))

  it.effect("a hundred calls at once read the row once", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      yield* integrations.configure(acme, "linear", key("first"))
      const before = yield* queriesOf("find")
      const keys = yield* Effect.all(Array.from({ length: 100 }, () => keyNow()), { concurrency: "unbounded" })
      deepStrictEqual([...new Set(keys)], ["first"])
      assert.strictEqual((yield* queriesOf("find")) - before, 1)
    }).pipe(Effect.provide(Spying)))

  it.effect("configures at once leave one of them, and it opens", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`)
      yield* Effect.forEach(keys, (one) => integrations.configure(acme, "linear", key(one)), {
        concurrency: "unbounded",
        discard: true
      })
      const now = yield* keyNow()
      assert.include(keys, now)
      deepStrictEqual(Option.getOrThrow(yield* integrations.show(acme, "linear", Effect.succeed)).config, key(now))
    }).pipe(Effect.provide(Spying)))

  it.effect("a configure is seen at once also by a row that was being read meanwhile", () =>
    Effect.gen(function*() {
      const integrations = yield* Integrations
      const spy = yield* Spy
      const gate = yield* Deferred.make<void>()
      yield* integrations.configure(acme, "linear", key("first"))
      // The row has been read, but whoever asked for it has not seen it yet.
      yield* spy.after("find", Deferred.await(gate))
      const slow = yield* Effect.fork(keyNow())
      yield* TestClock.adjust(0)
      yield* integrations.configure(acme, "linear", key("second"))
      yield* spy.after("find", Effect.void)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(slow)
      assert.strictEqual(yield* keyNow(), "second")
    }).pipe(Effect.provide(Spying)))
})
