import { Headers } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Metric, TestClock } from "effect"
import type { Quota } from "../../src/domain/Quota.ts"
import { budgetRemaining } from "../../src/observability/metrics.ts"
import { lookNow } from "../../src/observability/whenLookedAt.ts"
import { Budgets } from "../../src/services/Budgets.ts"
import { quotaIn } from "../../src/upstream/quotas.ts"
import { acme, globex, org } from "../fakes/Storage.ts"

const line = (orgId = acme, revision = "r1") => ({ orgId, integration: "pagerduty", vendor: "PagerDuty", revision })

const quota = (remaining: number, resetsAtMs: number): ReadonlyArray<Quota> => [
  { unit: "requests", limit: 100, remaining, resetsAt: DateTime.unsafeMake(resetsAtMs) }
]

const ratio = Effect.zipRight(
  Effect.sync(lookNow),
  Effect.map(Metric.value(budgetRemaining("PagerDuty", "requests")), ({ value }) => value)
)

describe("budgets", () => {
  it.scoped("are as they were told last, of the config in use", () =>
    Effect.gen(function*() {
      const { hear, latest } = yield* Budgets
      hear(line())(quota(90, 60_000))
      hear(line())(quota(80, 60_000))
      hear(line(globex))(quota(10, 60_000))
      assert.deepStrictEqual(latest(acme, "pagerduty", "r1").map(({ remaining }) => remaining), [80])
      assert.deepStrictEqual(latest(acme, "pagerduty", "r2"), [])
      assert.deepStrictEqual(latest(acme, "linear", "r1"), [])
      hear(line(acme, "r2"))([{ unit: "complexity", limit: 1, remaining: 1, resetsAt: null }])
      assert.deepStrictEqual(latest(acme, "pagerduty", "r2").map(({ unit }) => unit), ["complexity"])
    }).pipe(Effect.provide(Budgets.Default)))

  it.scoped("are forgotten beyond ten thousand, the least recently told of first", () =>
    Effect.gen(function*() {
      const { hear, latest, size } = yield* Budgets
      hear(line(acme))(quota(1, 1))
      for (let index = 0; index < 9999; index++) hear(line(org(`org-${index}`)))(quota(1, 1))
      hear(line(acme))(quota(2, 1))
      hear(line(globex))(quota(1, 1))
      assert.strictEqual(yield* size, 10_000)
      assert.lengthOf(latest(acme, "pagerduty", "r1"), 1)
      assert.lengthOf(latest(org("org-0"), "pagerduty", "r1"), 0)
    }).pipe(Effect.provide(Budgets.Default)))

  it.scoped("in the metrics are the least of any organisation, until its limit is whole again", () =>
    Effect.gen(function*() {
      const { hear } = yield* Budgets
      hear(line(acme))(quota(25, 300_000))
      hear(line(globex))(quota(5, 1000))
      assert.strictEqual(yield* ratio, 0.05)
      // A window of a second is seen for a minute.
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(yield* ratio, 0.05)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* ratio, 0.25)
      yield* TestClock.adjust("300 seconds")
      assert.strictEqual(yield* ratio, 1)
    }).pipe(Effect.provide(Budgets.Default)))
})

describe("headers of a quota", () => {
  const read = (headers: Readonly<Record<string, string>>, resetsAtMs?: number) =>
    quotaIn({ status: 200, headers: Headers.fromInput(headers), body: null, nowMs: 0 }, {
      unit: "requests",
      limit: "limit",
      remaining: "remaining",
      resetsAtMs
    })

  it("say nothing where one is missing or no number", () => {
    for (const limit of ["", "many", "0", "-1", "1e999", "NaN"]) {
      assert.deepStrictEqual(read({ limit, remaining: "1" }), [], limit)
    }
    assert.deepStrictEqual(read({}), [])
    assert.deepStrictEqual(read({ limit: "1" }), [])
    assert.deepStrictEqual(read({ limit: "1", remaining: "few" }), [])
  })

  it("may leave out when it is whole again, or say nonsense about it", () => {
    const headers = { limit: "10", remaining: "-3" }
    for (const resetsAtMs of [undefined, Infinity, NaN, 1e300, -1e300]) {
      assert.deepStrictEqual(read(headers, resetsAtMs), [{ unit: "requests", limit: 10, remaining: 0, resetsAt: null }])
    }
  })
})
