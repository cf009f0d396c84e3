import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { Upstream } from "../../src/upstream/Upstream.ts"
import { ending, json, late, refusal, result, sent, silent, stalled, text, upstream } from "../fakes/Upstream.ts"
import { call, read, thing, write } from "./acme.ts"

const good = json(thing)
const times = Effect.map(sent, (all) => all.map(({ at }) => at))
const timeout = (ms: number) =>
  new UpstreamFailed({ vendor: "Acme", reason: "timeout", details: `Request timeout after ${ms}ms` })

const three = Effect.flatMap(Upstream, (upstream) => upstream.operation("Acme")(Effect.all([call(), call(), call()])))

describe("the deadline", () => {
  it.effect("is ten seconds where nothing else is configured", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* refusal(read()), timeout(10_000))
    }).pipe(Effect.provide(upstream([silent]))))

  it.effect.each([["2500 millis", 2500], ["30 seconds", 30_000], ["1 minute", 60_000]] as const)(
    "is %s where that is configured",
    ([setting, ms]) =>
      Effect.gen(function*() {
        deepStrictEqual(yield* refusal(read()), timeout(ms))
      }).pipe(Effect.provide(upstream([silent], { environment: { UPSTREAM_TIMEOUT: setting } })))
  )

  it.effect("does not come early", () =>
    Effect.gen(function*() {
      deepStrictEqual((yield* result(read())).value, thing)
    }).pipe(Effect.provide(upstream([late("9999 millis", good)]))))

  it.effect("cuts a body that stalls", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* refusal(read()), timeout(10_000))
      deepStrictEqual(yield* times, [0])
    }).pipe(Effect.provide(upstream([stalled()]))))

  it.effect("cuts a write as well, and does not repeat it", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* refusal(write), timeout(10_000))
      deepStrictEqual(yield* times, [0])
    }).pipe(Effect.provide(upstream([stalled({ status: 200 })]))))

  it.effect("is one over several calls", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* refusal(three), timeout(10_000))
      deepStrictEqual(yield* times, [0, 4000, 8000])
    }).pipe(Effect.provide(upstream([late("4 seconds", good), late("4 seconds", good), late("4 seconds", good)]))))

  it.effect("is one over a call's retries", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* refusal(read()), timeout(10_000))
      assert.strictEqual((yield* sent).length, 3)
    }).pipe(Effect.provide(upstream([
      late("4 seconds", text("", { status: 503 })),
      late("4 seconds", text("", { status: 503 })),
      late("4 seconds", good)
    ]))))

  it.effect("leaves the next operation its own", () =>
    Effect.gen(function*() {
      yield* refusal(read())
      deepStrictEqual((yield* result(read())).value, thing)
      deepStrictEqual(yield* times, [0, 10_000])
    }).pipe(Effect.provide(upstream([silent, late("9 seconds", good)]))))

  it.effect("names the vendor and says no more", () =>
    Effect.gen(function*() {
      const error = yield* refusal(read())
      assert.strictEqual(error.message, "Failed to fetch from Acme API")
      assert.isTrue(error._tag === "UpstreamFailed" && error.retryAfterMs === undefined)
    }).pipe(Effect.provide(upstream([silent]))))

  it.effect("does not turn other failures and defects into its own", () =>
    Effect.gen(function*() {
      const { operation } = yield* Upstream
      assert.strictEqual(yield* refusal(operation("Acme")(Effect.fail("mine" as const))), "mine")
      const exit = yield* ending(operation("Acme")(Effect.dieMessage("bug")))
      assert.include(String(exit), "bug")
    }).pipe(Effect.provide(upstream([]))))
})
