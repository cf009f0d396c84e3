import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect, Exit, Fiber, Redacted, Ref, TestClock } from "effect"
import {
  IntegrationNotConfigured,
  type ServiceUnavailable,
  UpstreamFailed,
  UpstreamRejected
} from "../../src/domain/Errors.ts"
import { linear, type LinearConfig } from "../../src/integrations/linear/definition.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { makeShared, type Shared } from "../../src/upstream/shared.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { turns } from "../fakes/turns.ts"
import { queriesOf, Spying } from "./spy.ts"

type Failure = UpstreamFailed | UpstreamRejected | ServiceUnavailable

const failed = (reason: UpstreamFailed["reason"]) => new UpstreamFailed({ vendor: "Linear", reason, details: reason })
const refused = Effect.fail(failed("credentials"))

const configure = (orgId = acme, apiKey = "first") =>
  Effect.flatMap(Integrations, (integrations) => integrations.configure(orgId, "linear", { apiKey }))

const connection = Effect.map(Integrations, (integrations) => integrations.connect(linear))
const write = <A>(use: (config: LinearConfig) => Effect.Effect<A, Failure>, orgId = acme) =>
  Effect.flatMap(connection, (connection) => connection.write(orgId, use))
const read = <A>(
  shared: Shared<A, Failure>,
  use: (config: LinearConfig) => Effect.Effect<A, Failure>,
  { orgId = acme, parameters = {} }: { readonly orgId?: typeof acme; readonly parameters?: unknown } = {}
) => Effect.flatMap(connection, (connection) => connection.read(orgId, shared, parameters, use))

const standing = (orgId = acme) =>
  Effect.flatMap(Integrations, ({ standings }) => Effect.map(standings(orgId), (of) => of("linear")))
const status = (orgId = acme) => Effect.map(standing(orgId), ({ status }) => status)
const settle = Effect.zipRight(TestClock.adjust(0), turns(3))

describe("how the vendor took it", () => {
  it.effect("refused credentials show until the next success", () =>
    Effect.gen(function*() {
      yield* configure()
      yield* Effect.flip(write(() => refused))
      assert.strictEqual(yield* status(), "error")
      yield* Effect.flip(write(() => refused))
      assert.strictEqual(yield* status(), "error")
      yield* write(() => Effect.succeed("well"))
      assert.strictEqual(yield* status(), "active")
    }).pipe(Effect.provide(Spying)))

  it.effect("refused credentials show until the next configure", () =>
    Effect.gen(function*() {
      yield* configure()
      yield* Effect.flip(write(() => refused))
      yield* configure()
      assert.strictEqual(yield* status(), "active")
    }).pipe(Effect.provide(Spying)))

  it.effect("refused credentials are one org's own", () =>
    Effect.gen(function*() {
      yield* configure(acme)
      yield* configure(globex)
      yield* Effect.flip(write(() => refused, globex))
      deepStrictEqual([yield* status(acme), yield* status(globex)], ["active", "error"])
    }).pipe(Effect.provide(Spying)))

  it.effect.each<Failure>([
    failed("timeout"),
    failed("unreachable"),
    failed("throttled"),
    failed("unavailable"),
    failed("unreadable"),
    new UpstreamRejected({ vendor: "Linear", details: "no such team" })
  ])("%o changes neither status nor lastSync", (error) =>
    Effect.gen(function*() {
      yield* configure()
      yield* Effect.flip(write(() => Effect.fail(error)))
      deepStrictEqual(yield* standing(), { configured: true, status: "active", lastSync: null })
      yield* Effect.flip(write(() => refused))
      yield* Effect.flip(write(() => Effect.fail(error)))
      assert.strictEqual(yield* status(), "error")
    }).pipe(Effect.provide(Spying)))

  it.effect("a config that came during the call has not been refused", () =>
    Effect.gen(function*() {
      yield* configure(acme, "old")
      const gate = yield* Deferred.make<void>()
      const call = yield* Effect.fork(write(() => Effect.zipRight(Deferred.await(gate), refused)))
      yield* settle
      yield* configure(acme, "new")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(call)
      assert.strictEqual(yield* status(), "active")
    }).pipe(Effect.provide(Spying)))

  it.effect("success is remembered with its time, at once, and without a write for each", () =>
    Effect.gen(function*() {
      yield* configure()
      yield* TestClock.adjust("7 seconds")
      const writes = Effect.all([queriesOf("recordSyncs"), queriesOf("setRefused"), queriesOf("put")])
      const before = yield* writes
      yield* Effect.repeatN(write(() => Effect.succeed("well")), 99)
      deepStrictEqual(yield* writes, before)
      deepStrictEqual((yield* standing()).lastSync, DateTime.unsafeMake(7000))
      yield* TestClock.adjust("5 seconds")
      deepStrictEqual((yield* standing()).lastSync, DateTime.unsafeMake(7000))
    }).pipe(Effect.provide(Spying)))

  it.effect("refusals in a row are written once", () =>
    Effect.gen(function*() {
      yield* configure()
      yield* Effect.repeatN(Effect.flip(write(() => refused)), 9)
      assert.strictEqual(yield* queriesOf("setRefused"), 1)
    }).pipe(Effect.provide(Spying)))
})

describe("write", () => {
  it.effect("goes on when its caller hangs up", () =>
    Effect.gen(function*() {
      yield* configure()
      const gate = yield* Deferred.make<void>()
      const done = yield* Deferred.make<string>()
      const call = yield* Effect.fork(
        write((config) => Effect.zipRight(Deferred.await(gate), Deferred.succeed(done, Redacted.value(config.apiKey))))
      )
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(call)))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Deferred.await(done), "first")
    }).pipe(Effect.provide(Spying)))

  it.effect("does not begin without a config", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(write(() => Effect.dieMessage("it began")))
      assert.instanceOf(error, IntegrationNotConfigured)
    }).pipe(Effect.provide(Spying)))
})

describe("read", () => {
  const counting = Effect.gen(function*() {
    const shared = yield* makeShared<string, Failure>()
    const count = yield* Ref.make(0)
    const gate = yield* Deferred.make<void>()
    const use = ({ apiKey }: LinearConfig) =>
      Ref.update(count, (before) => before + 1).pipe(
        Effect.zipRight(Deferred.await(gate)),
        Effect.as(Redacted.value(apiKey))
      )
    return { shared, use, open: Deferred.succeed(gate, undefined), runs: Ref.get(count) }
  })

  it.scoped("identical ones at once make one call", () =>
    Effect.gen(function*() {
      yield* configure()
      const { open, runs, shared, use } = yield* counting
      const readers = yield* Effect.fork(Effect.all(Array.from({ length: 30 }, () => read(shared, use)), {
        concurrency: "unbounded"
      }))
      yield* settle
      yield* open
      deepStrictEqual([...new Set(yield* Fiber.join(readers))], ["first"])
      assert.strictEqual(yield* runs, 1)
    }).pipe(Effect.provide(Spying)))

  it.scoped("others do not share: org, parameters, config", () =>
    Effect.gen(function*() {
      yield* configure(acme, "acme-1")
      yield* configure(globex, "globex-1")
      const { open, runs, shared, use } = yield* counting
      const early = yield* Effect.fork(Effect.all([
        read(shared, use, { parameters: { limit: 1 } }),
        read(shared, use, { parameters: { limit: 2 } }),
        read(shared, use, { parameters: { limit: 1 }, orgId: globex })
      ], { concurrency: "unbounded" }))
      yield* settle
      yield* configure(acme, "acme-2")
      const late = yield* Effect.fork(read(shared, use, { parameters: { limit: 1 } }))
      yield* settle
      yield* open
      deepStrictEqual(yield* Fiber.join(early), ["acme-1", "acme-1", "globex-1"])
      assert.strictEqual(yield* Fiber.join(late), "acme-2")
      assert.strictEqual(yield* runs, 4)
    }).pipe(Effect.provide(Spying)))

  it.scoped("a refusal that is shared reaches all and is kept once", () =>
    Effect.gen(function*() {
      yield* configure()
      const shared = yield* makeShared<string, Failure>()
      const gate = yield* Deferred.make<void>()
      const one = Effect.flip(read(shared, () => Effect.zipRight(Deferred.await(gate), refused)))
      const readers = yield* Effect.fork(Effect.all([one, one, one], { concurrency: "unbounded" }))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(
        (yield* Fiber.join(readers)).map(({ _tag }) => _tag),
        Array.from({ length: 3 }, () => "UpstreamFailed" as const)
      )
      assert.strictEqual(yield* queriesOf("setRefused"), 1)
      assert.strictEqual(yield* status(), "error")
    }).pipe(Effect.provide(Spying)))
})
