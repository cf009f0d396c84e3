import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { makeFetchClient } from "integrations-api/client"
import { documentedPagerDuty, FakePagerDuty, Linear, TestApi } from "integrations-api/testing"

const apiKey = Redacted.make("any")
const quiet = FakePagerDuty({ ...documentedPagerDuty, oncall: null })
const counted = Layer.mock(Linear, { teams: () => Effect.succeed([]) })

layer(TestApi.layer())("the harness", (it) => {
  it.effect("is three lines", () =>
    Effect.gen(function*() {
      const { client } = yield* TestApi
      const acme = yield* client("org-acme-corp")
      assert.lengthOf((yield* acme.integrations.status()).integrations, 4)
    }))

  it.effect("holds the document's data", () =>
    Effect.gen(function*() {
      const { client } = yield* TestApi
      const acme = yield* client("org-acme-corp")
      const urlParams = { verify: "true" } as const
      yield* acme.integrations.configure({ urlParams, payload: { integration: "pagerduty", config: { apiKey } } })
      yield* acme.integrations.configure({ urlParams, payload: { integration: "linear", config: { apiKey } } })
      yield* acme.integrations.configure({
        urlParams,
        payload: { integration: "sentry", config: { authToken: apiKey, organization: "acme" } }
      })
      assert.strictEqual((yield* acme.pagerduty.oncall()).oncall?.userId, "PUSER123")
      const { incidents } = yield* acme.pagerduty.incidents({ urlParams: { status: ["triggered"], limit: 25 } })
      assert.deepStrictEqual(incidents.map(({ id }) => id), ["P1INC001"])
      const acknowledged = yield* acme.pagerduty.acknowledge({ path: { id: "P1INC001" }, payload: null })
      assert.strictEqual(acknowledged.status, "acknowledged")
      assert.deepStrictEqual((yield* acme.linear.teams()).teams.map(({ key }) => key), ["ENG", "PLT"])
      const created = yield* acme.linear.create({
        payload: { title: "Investigate", teamId: "team-eng" },
        headers: {}
      })
      assert.strictEqual(created.id, "ENG-348")
      const { issues } = yield* acme.sentry.issues({ urlParams: { query: "is:unresolved", limit: 10 } })
      assert.deepStrictEqual(issues.map(({ id }) => id), ["4812345"])
    }))

  it.effect("serves any client", () =>
    Effect.gen(function*() {
      const { url } = yield* TestApi
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
      const client = yield* makeFetchClient({ baseUrl: url, orgId: "org-other" })
      assert.strictEqual((yield* client.health.ready()).status, "ready")
    }))

  it.effect("takes other vendors, each run with its own database", () =>
    Effect.gen(function*() {
      const { client } = yield* TestApi
      const acme = yield* client("org-acme-corp")
      yield* acme.channelRoutes.create({ payload: { eventType: "*", channel: "slack", channelId: "C" } })
      yield* Effect.gen(function*() {
        const other = yield* (yield* TestApi).client("org-acme-corp")
        assert.lengthOf((yield* other.channelRoutes.list()).routes, 0)
        const urlParams = { verify: "false" } as const
        yield* other.integrations.configure({ urlParams, payload: { integration: "pagerduty", config: { apiKey } } })
        yield* other.integrations.configure({ urlParams, payload: { integration: "linear", config: { apiKey } } })
        assert.isNull((yield* other.pagerduty.oncall()).oncall)
        assert.deepStrictEqual((yield* other.linear.teams()).teams, [])
      }).pipe(Effect.provide(TestApi.layer({ pagerduty: quiet, linear: counted })))
    }))
})
