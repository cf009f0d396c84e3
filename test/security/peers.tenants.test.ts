import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at, failure } from "../http/ask.ts"
import { as, configure, configuredOrg, newOrg } from "../http/service.ts"

const routes = "/api/channel-routes"
const route = { eventType: "sentry.*", channel: "slack", channelId: "C0ERRORS" }
const listOf = (json: unknown, name: string): ReadonlyArray<unknown> => {
  const list = at(json, name)
  return Array.isArray(list) ? list : []
}
const statusOf = (orgId: string, id: string) =>
  Effect.map(
    as(orgId)("GET", "/api/integrations/status"),
    ({ json }) => at(listOf(json, "integrations").find((one) => at(one, "id") === id), "status")
  )

layer(Sandbox)("peers' defects of tenancy", (it) => {
  it.effect("2: what one organisation configures is no other's, be it credentials, routes or the log of them", () =>
    Effect.gen(function*() {
      const { sentry } = yield* StandIns
      const [a, b] = [yield* newOrg, yield* newOrg]
      yield* configure(a, sandboxCredentials[2])
      assert.deepStrictEqual([yield* statusOf(a, "sentry"), yield* statusOf(b, "sentry")], ["active", "inactive"])
      yield* sentry.clear
      const denied = yield* as(b)("GET", "/api/observability/sentry")
      assert.deepStrictEqual(
        denied.json,
        failure(400, "INTEGRATION_NOT_CONFIGURED", "Sentry integration is not configured")
      )
      assert.deepStrictEqual(yield* sentry.calls, [])
      assert.strictEqual((yield* as(b)("GET", "/api/integrations/sentry")).status, 400)
      assert.strictEqual((yield* as(b)("DELETE", "/api/integrations/sentry")).status, 400)
      assert.strictEqual(yield* statusOf(a, "sentry"), "active")

      const created = yield* as(a)("POST", routes, { body: route })
      assert.deepStrictEqual((yield* as(b)("GET", routes)).json, { routes: [] })
      const path = `${routes}/${String(at(created.json, "id"))}`
      for (const [method, body] of [["PATCH", { enabled: false }], ["DELETE", undefined]] as const) {
        const answer = yield* as(b)(method, path, { body })
        assert.deepStrictEqual(answer.json, failure(404, "ROUTE_NOT_FOUND", "Channel route not found"), method)
      }
      // Neither what is stored nor what is cached has changed for its owner.
      assert.strictEqual(at((yield* as(a)("GET", routes)).json, "routes", 0, "enabled"), true)
      const preview = { eventType: "sentry.issue.created" }
      const before = yield* as(a)("POST", `${routes}/preview`, { body: preview })
      assert.strictEqual(at(before.json, "matches", 0, "id"), "route-001")
      assert.strictEqual((yield* as(a)("DELETE", path)).status, 200)
      const after = yield* as(a)("POST", `${routes}/preview`, { body: preview })
      assert.deepStrictEqual(after.json, { matches: [], misses: [] })
    }))

  it.effect("4: each organisation reaches PagerDuty with its own account, and without one not at all", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const keys = ["u+abcdef1234567890", "account-key-sandbox"]
      const orgs = yield* Effect.forEach(
        keys,
        (apiKey) => Effect.tap(newOrg, (orgId) => configure(orgId, { integration: "pagerduty", config: { apiKey } }))
      )
      yield* pagerduty.clear
      for (const [index, orgId] of orgs.entries()) {
        assert.strictEqual((yield* as(orgId)("GET", "/api/integrations/pagerduty/incidents")).status, 200)
        const call = (yield* pagerduty.calls).at(-1)
        assert.strictEqual(call?.headers["authorization"], `Token token=${keys[index]}`)
      }
      yield* pagerduty.clear
      const nobody = yield* newOrg
      for (const path of ["oncall", "incidents"]) {
        const answer = yield* as(nobody)("GET", `/api/integrations/pagerduty/${path}`)
        assert.strictEqual(at(answer.json, "code"), "INTEGRATION_NOT_CONFIGURED", path)
      }
      assert.deepStrictEqual(yield* pagerduty.calls, [])
    }))

  it.effect("13: what is spliced into a query elsewhere stays the value of a variable", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const ask = as(yield* configuredOrg)
      const documents = (text: string) =>
        Effect.gen(function*() {
          yield* linear.clear
          for (const name of ["team", "status", "assignee"]) {
            yield* ask("GET", `/api/integrations/linear/issues?${name}=${encodeURIComponent(text)}`)
          }
          const body = { title: text, teamId: "team-eng", description: text, labels: [text] }
          assert.strictEqual((yield* ask("POST", "/api/integrations/linear/issues", { body })).status, 201)
          const calls = (yield* linear.calls).map(({ body }): unknown => JSON.parse(body))
          assert.include(JSON.stringify(calls.map((call) => at(call, "variables"))), JSON.stringify(text))
          return calls.map((call) => at(call, "query"))
        })
      const plain = yield* documents("plain")
      assert.isAbove(plain.length, 3)
      for (
        const text of [
          `x" } }, first: 1) { nodes { id } } viewer { apiKey } #`,
          `"}) { issueDelete(id: "1") { success } }`,
          "${process.env}",
          `\\u0022}}`
        ]
      ) assert.deepStrictEqual(yield* documents(text), plain, text)
    }))

  it.effect("15: a second rule for a channel stands beside the first", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const rules = ["sentry.*", "deploy.*", "sentry.*"]
      for (const eventType of rules) yield* ask("POST", routes, { body: { ...route, eventType } })
      const listed = listOf((yield* ask("GET", routes)).json, "routes")
      assert.deepStrictEqual(listed.map((one) => at(one, "eventType")), rules)
      assert.deepStrictEqual(listed.map((one) => at(one, "id")), ["route-001", "route-002", "route-003"])
      for (const [eventType, id] of [["sentry.issue.created", "route-001"], ["deploy.done", "route-002"]]) {
        const { json } = yield* ask("POST", `${routes}/preview`, { body: { eventType } })
        assert.deepStrictEqual(listOf(json, "matches").map((one) => at(one, "id")), [id])
      }
    }))
})
