import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { hang, reset, slow, stalled, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at, failure } from "./ask.ts"
import { as, configuredOrg, withoutPauses } from "./service.ts"

const acknowledge = "/api/integrations/pagerduty/incidents/P1INC001/acknowledge"
const issues = "/api/integrations/linear/issues"
const acknowledged = { id: "P1INC001", status: "acknowledged", acknowledgedAt: "2026-03-21T14:06:00Z" }

/** Lets a call through, so that the fault behind it meets the next one. */
const pass = slow(0)

const statusAtPagerDuty = (orgId: string) =>
  Effect.map(
    as(orgId)("GET", "/api/integrations/pagerduty/incidents?status=triggered"),
    ({ json }) => at(json, "total") === 1 ? "triggered" : "acknowledged"
  )

const issuesTitled = (orgId: string, title: string) =>
  Effect.map(as(orgId)("GET", issues), ({ json }) => {
    const list = at(json, "issues")
    return Array.isArray(list) ? list.filter((one) => at(one, "title") === title).length : 0
  })

// The incident is one for all tests, so they run in this order.
layer(Sandbox)("a write at a vendor that fails meanwhile", (it) => {
  it.effect("is not repeated where it may have happened: acknowledge, without effect", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* pagerduty.clear
      yield* pagerduty.script(pass, reset)
      const answer = yield* withoutPauses(as(orgId)("POST", acknowledge, { body: {} }))
      assert.deepStrictEqual(
        [answer.status, answer.json],
        [
          502,
          failure(
            502,
            "UPSTREAM_ERROR",
            "Failed to fetch from PagerDuty API",
            "PagerDuty could not be reached (UND_ERR_SOCKET)"
          )
        ]
      )
      assert.deepStrictEqual((yield* pagerduty.calls).map(({ method }) => method), ["GET", "PUT", "GET"])
      assert.strictEqual(yield* statusAtPagerDuty(orgId), "triggered")
    }))

  it.effect("is repeated where it surely did not happen: acknowledge, throttled", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* pagerduty.clear
      yield* pagerduty.script(pass, throttled(1), hang)
      const asked = yield* Effect.fork(as(orgId)("POST", acknowledge, { body: {} }))
      yield* withoutPauses(pagerduty.awaitCalls(3))
      assert.deepStrictEqual((yield* pagerduty.calls).map(({ method }) => method), ["GET", "PUT", "PUT"])
      yield* TestClock.adjust("10 seconds")
      const answer = yield* Fiber.join(asked)
      assert.deepStrictEqual([answer.status, at(answer.json, "details")], [502, "Request timeout after 10000ms"])
      assert.strictEqual(yield* statusAtPagerDuty(orgId), "triggered")
    }))

  it.effect("is found where it did happen: acknowledge, its answer cut", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* pagerduty.clear
      yield* pagerduty.script(pass, truncated)
      const answer = yield* withoutPauses(as(orgId)("POST", acknowledge, { body: {} }))
      assert.deepStrictEqual([answer.status, answer.json], [200, acknowledged])
      assert.deepStrictEqual((yield* pagerduty.calls).map(({ method }) => method), ["GET", "PUT", "GET"])
      // Repeated, it says when it was the first time.
      assert.deepStrictEqual((yield* as(orgId)("POST", acknowledge, { body: {} })).json, acknowledged)
    }))

  it.effect("never reopens what is resolved", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* pagerduty.clear
      const answer = yield* as(orgId)("POST", acknowledge.replace("P1INC001", "P1INC000"), { body: {} })
      assert.deepStrictEqual([answer.status, at(answer.json, "code")], [409, "INCIDENT_RESOLVED"])
      assert.deepStrictEqual((yield* pagerduty.calls).map(({ method }) => method), ["GET"])
    }))

  for (const [how, fault] of [["cut", truncated], ["never begun", reset]] as const) {
    it.effect(`makes one issue, its answer ${how}`, () =>
      Effect.gen(function*() {
        const { linear } = yield* StandIns
        const orgId = yield* configuredOrg
        const title = `One, its answer ${how}`
        yield* linear.clear
        yield* linear.script(pass, fault)
        const answer = yield* withoutPauses(as(orgId)("POST", issues, { body: { title, teamId: "team-eng" } }))
        assert.deepStrictEqual([answer.status, at(answer.json, "title")], [201, title])
        assert.strictEqual(yield* issuesTitled(orgId, title), 1)
      }))
  }

  it.effect("makes one issue, though its answer never ends and the caller asks again under its key", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const orgId = yield* configuredOrg
      const title = "One, asked for twice"
      const ask = as(orgId)("POST", issues, {
        headers: { "Idempotency-Key": "again" },
        body: { title, teamId: "team-eng" }
      })
      yield* linear.clear
      yield* linear.script(pass, stalled)
      const first = yield* Effect.fork(ask)
      yield* linear.awaitCalls(2)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(first)).status, 502)
      assert.deepInclude(yield* ask, { status: 201 })
      assert.strictEqual(yield* issuesTitled(orgId, title), 1)
    }))
})
