import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { throttled } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox, setClock } from "../document/sandbox.ts"
import { at } from "../http/ask.ts"
import { as, asNobody, configure, credentials, withoutPauses } from "../http/service.ts"
import { acme, configured, org } from "../sandbox/alerts.ts"
import { samples } from "./scrape.ts"

const budgetOf = (id: string, orgId = org) =>
  Effect.map(as(orgId)("GET", `/api/integrations/${id}`), ({ json }) => at(json, "budget"))

const least = (vendor: string, unit: string) =>
  Effect.map(samples("vendor_budget_remaining_ratio"), (all) => all.get(`{vendor="${vendor}",unit="${unit}"}`))

layer(Sandbox)("what a vendor still allows", (it) => {
  it.effect("is shown to the organisation that called it, until its config is another", () =>
    Effect.gen(function*() {
      yield* setClock("2026-03-21T13:51:00Z")
      yield* configured()
      assert.deepStrictEqual(yield* budgetOf("pagerduty"), [])
      yield* acme("GET", "/api/integrations/pagerduty/oncall")
      assert.deepStrictEqual(yield* budgetOf("pagerduty"), [{
        unit: "requests",
        limit: 960,
        remaining: 958,
        resetsAt: "2026-03-21T13:51:43Z",
        asOf: "2026-03-21T13:51:00Z"
      }])
      assert.deepStrictEqual(yield* budgetOf("linear"), [])

      const other = "org-globex"
      yield* configure(other, credentials.pagerduty)
      assert.deepStrictEqual(yield* budgetOf("pagerduty", other), [])

      yield* configured("pagerduty")
      assert.deepStrictEqual(yield* budgetOf("pagerduty"), [])
    }))

  it.effect("is told of each of the limits that it has", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* acme("GET", "/api/integrations/linear/teams")
      const linear = yield* budgetOf("linear")
      assert.strictEqual(at(linear, 0, "unit"), "requests")
      assert.strictEqual(at(linear, 0, "limit"), 2500)
      assert.strictEqual(at(linear, 1, "unit"), "complexity")
      assert.strictEqual(at(linear, 1, "remaining"), 2_999_000)
      yield* acme("GET", "/api/observability/sentry")
      assert.strictEqual(at(yield* budgetOf("sentry"), 0, "limit"), 40)
    }))

  it.effect("is empty where the vendor tells nothing", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* acme("GET", "/api/integrations/status")
      for (const id of ["slack", "discord", "telegram", "whatsapp"]) assert.deepStrictEqual(yield* budgetOf(id), [], id)
    }))

  it.effect("is heard of refusals too, and of the metrics the least of any organisation", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* acme("GET", "/api/integrations/pagerduty/oncall")
      assert.closeTo((yield* least("PagerDuty", "requests")) ?? 0, 958 / 960, 1e-9)
      const { pagerduty } = yield* StandIns
      const other = "org-initech"
      yield* configure(other, credentials.pagerduty)
      yield* pagerduty.script(throttled(20))
      const { status } = yield* withoutPauses(as(other)("GET", "/api/integrations/pagerduty/oncall"))
      assert.strictEqual(status, 502)
      assert.strictEqual(at(yield* budgetOf("pagerduty", other), 0, "remaining"), 0)
      assert.strictEqual(yield* least("PagerDuty", "requests"), 0)
      assert.closeTo((yield* least("Linear", "complexity")) ?? 0, 2_999_000 / 3_000_000, 1e-9)
      assert.notInclude((yield* asNobody("GET", "/metrics")).text, other)
    }))
})
