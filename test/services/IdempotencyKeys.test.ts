import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, TestClock } from "effect"
import { IdempotencyConflict } from "../../src/domain/Errors.ts"
import { IdempotencyKeys } from "../../src/services/IdempotencyKeys.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"

const Live = IdempotencyKeys.Default.pipe(Layer.provideMerge(Memory))

interface Claim {
  readonly orgId?: typeof acme
  readonly operation?: string
  readonly key?: string
}

/** Whether the key may be used for this request. */
const claims = (request: unknown, { key = "key-1", operation = "linear.issue.create", orgId = acme }: Claim = {}) =>
  Effect.flatMap(IdempotencyKeys, (keys) => keys.claim(orgId, operation, key, request)).pipe(
    Effect.either,
    Effect.map((claim) => {
      if (Either.isLeft(claim)) assert.instanceOf(claim.left, IdempotencyConflict)
      return Either.isRight(claim)
    })
  )

describe("IdempotencyKeys", () => {
  it.effect("the same request may use its key again and again", () =>
    Effect.gen(function*() {
      for (let time = 0; time < 5; time++) {
        assert.isTrue(yield* claims({ title: "Größe", labels: ["a", "b"] }))
        yield* TestClock.adjust("4 hours")
      }
    }).pipe(Effect.provide(Live)))

  it.effect("another request may not, and the first one still may", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* claims({ title: "a" }))
      for (const other of [{ title: "b" }, { title: "a", team: "ENG" }, {}, null, [], "a", ["a"], { title: ["a"] }]) {
        assert.isFalse(yield* claims(other), JSON.stringify(other))
      }
      assert.isTrue(yield* claims({ title: "a" }))
    }).pipe(Effect.provide(Live)))

  it.effect("a request without a body is one of its own", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* claims(undefined))
      assert.isTrue(yield* claims(undefined))
      assert.isFalse(yield* claims(null))
    }).pipe(Effect.provide(Live)))

  it.effect("the key is free again after 24 hours from its first use", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* claims("a"))
      yield* TestClock.adjust("12 hours")
      assert.isTrue(yield* claims("a"))
      yield* TestClock.adjust("11 hours")
      assert.isFalse(yield* claims("b"))
      yield* TestClock.adjust("59 minutes")
      assert.isFalse(yield* claims("b"))
      yield* TestClock.adjust("61 seconds")
      assert.isTrue(yield* claims("b"))
      assert.isFalse(yield* claims("a"))
    }).pipe(Effect.provide(Live)))

  it.effect("orgs, operations and keys do not meet", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* claims("a"))
      assert.isTrue(yield* claims("b", { orgId: globex }))
      assert.isTrue(yield* claims("c", { operation: "other" }))
      assert.isTrue(yield* claims("d", { key: "key-2" }))
      assert.isTrue(yield* claims("e", { key: "KEY-1" }))
      assert.isTrue(yield* claims("a"))
      assert.isFalse(yield* claims("a", { orgId: globex }))
    }).pipe(Effect.provide(Live)))

  it.effect("of many different requests at once one gets the key, and keeps it", () =>
    Effect.gen(function*() {
      const requests = Array.from({ length: 50 }, (_, index) => ({ index }))
      const taken = yield* Effect.forEach(requests, (request) => claims(request), { concurrency: "unbounded" })
      assert.strictEqual(taken.filter(Boolean).length, 1)
      const again = yield* Effect.forEach(requests, (request) => claims(request))
      assert.strictEqual(again.indexOf(true), taken.indexOf(true))
      assert.strictEqual(again.lastIndexOf(true), taken.indexOf(true))
    }).pipe(Effect.provide(Live)))

  it.effect("many of the same at once all get it", () =>
    Effect.gen(function*() {
      const taken = yield* Effect.all(Array.from({ length: 50 }, () => claims("a")), { concurrency: "unbounded" })
      assert.isFalse(taken.includes(false))
    }).pipe(Effect.provide(Live)))

  it.effect("what was asked is not stored, only its hash, and old keys go", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* claims({ title: "canary" })
      assert.notInclude(JSON.stringify(yield* sql`SELECT * FROM idempotency_keys`), "canary")
      yield* TestClock.adjust("25 hours")
      yield* claims("other", { key: "key-2" })
      assert.strictEqual((yield* sql`SELECT * FROM idempotency_keys`).length, 1)
    }).pipe(Effect.provide(Live)))
})
