import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { Vendors } from "../../src/App.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { TestApi } from "../../src/testing/TestApi.ts"
import { Resolver } from "../../src/upstream/Resolver.ts"
import { at, failure, notValid } from "./ask.ts"
import { aFewTurns, as, asNobody, configure, newOrg, Service } from "./service.ts"

/** Name servers for which every name leads to this machine. */
const Rebound = Layer.succeed(Resolver, () => Effect.succeed(["127.0.0.1"] as const))

/** The service as in production, with a database of its own and no exceptions. */
const Guarded = Layer.provide(
  Layer.provideMerge(Service.layer, TestApi.over(Vendors, {}, InProcess, Rebound)),
  Logger.remove(Logger.defaultLogger)
)

const inside = ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.7", "localhost"]
const webhookSecret = "sentry-webhook-secret"
const endpointSecret = `whsec_${"c2VjcmV0".repeat(4)}`

const configured = (orgId: string, baseUrl: string, search = "") =>
  configure(
    orgId,
    { integration: "sentry", config: { authToken: "sntrys_sandbox", organization: "acme", baseUrl, webhookSecret } },
    search
  )

/** Has Sentry report an issue, and gives the id of the agent that it goes to. */
const report = (orgId: string, id: string) => {
  const body = JSON.stringify({ action: "created", data: { issue: { id, title: `Issue ${id}` } } })
  const headers = signatureHeaders.sentry(webhookSecret, body)
  return Effect.map(
    asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, { body, headers }),
    ({ json }) => String(at(json, "agentId"))
  )
}

// With the machine's own clock: requests end by themselves.
layer(Guarded, { excludeTestServices: true })("URLs that tenants supply", (it) => {
  it.effect("are refused when they are configured, where they say themselves that they lead inside", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      for (const host of inside) {
        for (const search of ["", "?verify=true"]) {
          const { json, status } = yield* configured(orgId, `https://${host}:9000`, search)
          assert.deepStrictEqual([status, json], [
            400,
            notValid("config.baseUrl: expected a host on the public Internet")
          ], host)
        }
      }
      const shown = yield* as(orgId)("GET", "/api/integrations/sentry")
      assert.strictEqual(at(shown.json, "code"), "INTEGRATION_NOT_CONFIGURED")

      yield* configured(orgId, "https://sentry.acme.com")
      const path = `/api/agents/${yield* report(orgId, "1")}/endpoint`
      for (const host of inside) {
        const body = { url: `https://${host}:9000/hooks`, secret: endpointSecret }
        const refused = yield* as(orgId)("PUT", path, { body })
        assert.deepStrictEqual([refused.status, refused.json], [
          400,
          notValid("url: expected a host on the public Internet")
        ], host)
      }
      const plain = { url: "http://agents.acme.com/hooks", secret: endpointSecret }
      const refused = yield* as(orgId)("PUT", path, { body: plain })
      assert.deepStrictEqual([refused.status, refused.json], [400, notValid("url: expected an https URL")])
      assert.isNull(at((yield* as(orgId)("GET", "/api/agents")).json, "agents", 0, "endpoint"))
    }))

  it.effect("are refused when they are called, where their names lead inside, and the tenant is not told where", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const ask = as(orgId)
      const details = "The address is not allowed: expected a host on the public Internet"
      const baseUrl = "https://sentry.acme.com"
      const rejected = failure(422, "UPSTREAM_REJECTED", "Sentry refused the request", details)
      const trial = yield* configured(orgId, baseUrl, "?verify=true")
      assert.deepStrictEqual([trial.status, trial.json], [422, rejected])
      yield* configured(orgId, baseUrl)
      const issues = yield* ask("GET", "/api/observability/sentry")
      assert.deepStrictEqual([issues.status, issues.json], [422, rejected])

      const path = `/api/agents/${yield* report(orgId, "1")}/endpoint`
      const set = yield* ask("PUT", path, { body: { url: "https://agents.acme.com/hooks", secret: endpointSecret } })
      assert.strictEqual(set.status, 200)
      yield* report(orgId, "2")
      const failed = yield* Effect.repeat(Effect.zipRight(aFewTurns, ask("GET", "/api/deliveries?status=failed")), {
        until: ({ json }) => at(json, "deliveries", 0) !== undefined
      })
      const [status, error, attempts] = ["status", "lastError", "attemptCount"].map((field) =>
        at(failed.json, "deliveries", 0, field)
      )
      assert.deepStrictEqual([status, error, attempts], ["failed", details, 1])
      // It is not the endpoint's own word, as a 410 would be: what is set stays.
      assert.strictEqual(
        at((yield* ask("GET", "/api/agents")).json, "agents", 0, "endpoint"),
        "https://agents.acme.com/hooks"
      )
      for (const { text } of [trial, issues, failed]) assert.notInclude(text, "127.0.0.1")
    }))
})
