import { HttpApi, HttpApiBuilder, HttpServer, HttpServerRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { Intake } from "../../src/alerts/Intake.ts"
import { apiId } from "../../src/api/apiId.ts"
import { Authentication } from "../../src/api/Caller.ts"
import { JsonBody, OrgAccess } from "../../src/api/Org.ts"
import { RateLimit } from "../../src/api/RateLimit.ts"
import { IdempotencyConflict, IntegrationNotConfigured, UpstreamRejected } from "../../src/domain/Errors.ts"
import { OrgId } from "../../src/domain/Ids.ts"
import { IdempotencyLive } from "../../src/http/Idempotency.ts"
import { LinearGroup } from "../../src/integrations/linear/Api.ts"
import { LinearHttp } from "../../src/integrations/linear/Http.ts"
import { Linear } from "../../src/integrations/linear/Linear.ts"
import { IdempotentAnswers } from "../../src/services/IdempotentAnswers.ts"
import { type Connection, Integrations } from "../../src/services/Integrations.ts"
import { RateLimits } from "../../src/services/RateLimits.ts"
import { WebhookFailures } from "../../src/services/WebhookFailures.ts"
import { WebhookOrgs } from "../../src/services/WebhookOrgs.ts"

const orgId = Schema.decodeSync(OrgId)("org-acme-corp")
const path = "http://localhost/api/integrations/linear"

const connection = <Config, I>(definition: { readonly Config: Schema.Schema<Config, I> }): Connection<Config> => {
  const config = Schema.decodeUnknownSync(definition.Config)({ apiKey: "lin_api_0123456789" })
  return {
    open: () => new IntegrationNotConfigured({ integration: "Linear" }),
    read: (_org, _shared, _parameters, use) => use(config),
    write: (_org, use) => use(config),
    send: (_org, use) => use(config)
  }
}

/** The group over HTTP, and what the adapter was asked to create. */
const app = (linear: Partial<typeof Linear.Service>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        HttpApiBuilder.toWebHandler(
          HttpApiBuilder.api(HttpApi.make(apiId).add(LinearGroup)).pipe(
            Layer.provide(LinearHttp),
            Layer.provide([
              Layer.mock(IdempotentAnswers, {
                _tag: "services/IdempotentAnswers",
                apart: ({ idempotencyKey }, run) => idempotencyKey === "used" ? new IdempotencyConflict() : run
              }),
              IdempotencyLive,
              Layer.mock(Linear, linear),
              Layer.mock(Integrations, { _tag: "services/Integrations", connect: connection }),
              Layer.mock(WebhookFailures, { _tag: "services/WebhookFailures" }),
              Layer.mock(WebhookOrgs, {}),
              Layer.mock(Intake, {}),
              Layer.succeed(Authentication, { token: () => Effect.succeed({ tokenId: null, scopes: new Set() }) }),
              RateLimits.Default,
              Layer.succeed(RateLimit, Effect.void),
              Layer.succeed(OrgAccess, { org: () => Effect.succeed(orgId) }),
              Layer.succeed(JsonBody, HttpServerRequest.HttpServerRequest)
            ]),
            Layer.merge(HttpServer.layerContext)
          )
        )
      ),
      ({ dispose }) => Effect.promise(dispose)
    ),
    ({ handler }) => (url: string, init?: RequestInit) =>
      Effect.promise(async (): Promise<{ readonly status: number; readonly body: unknown }> => {
        const response = await handler(new Request(`${path}${url}`, init))
        return { status: response.status, body: await response.json().catch(() => undefined) }
      })
  )

const issue = { title: "Investigate flaky test in auth module", teamId: "team-eng" }
const posted = (headers: Record<string, string>, body: unknown = issue): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body)
})
const created = {
  id: "ENG-348",
  title: issue.title,
  status: "Todo",
  url: "https://linear.app/acme/issue/ENG-348"
}

describe("Linear over HTTP", () => {
  it.scoped("answers with the documented teams and issues", () =>
    Effect.gen(function*() {
      const team = { id: "team-eng", name: "Engineering", key: "ENG", issueCount: 142 }
      const one = {
        id: "ENG-347",
        title: "Add rate limiting to public API",
        status: "In Progress",
        priority: 2,
        assignee: { name: "Maria Silva" },
        labels: ["backend", "security"]
      }
      const at = DateTime.unsafeMake("2026-03-19T10:00:00.123Z")
      const asked: Array<unknown> = []
      const request = yield* app({
        teams: () => Effect.succeed([team]),
        issues: (config, query) =>
          Effect.sync(() => {
            asked.push(Redacted.value(config.apiKey), query)
            return { issues: [{ ...one, createdAt: at }], total: 1 }
          })
      })
      assert.deepStrictEqual(yield* request("/teams"), { status: 200, body: { teams: [team] } })
      assert.deepStrictEqual(yield* request("/issues?team=team-eng&status=In%20Progress"), {
        status: 200,
        body: { issues: [{ ...one, createdAt: "2026-03-19T10:00:00Z" }], total: 1 }
      })
      const query = { team: "team-eng", status: "In Progress", assignee: undefined, limit: 25 }
      assert.deepStrictEqual(asked, ["lin_api_0123456789", query])
      for (const wrong of ["limit=0", "limit=101", "limit=x", "team="]) {
        assert.strictEqual((yield* request(`/issues?${wrong}`)).status, 400, wrong)
      }
    }))

  it.scoped("creates with 201, under the key when there is one", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const request = yield* app({
        create: (_config, body, idempotency) =>
          Effect.sync(() => {
            asked.push(body, idempotency)
            return created
          })
      })
      assert.deepStrictEqual(yield* request("/issues", posted({})), { status: 201, body: created })
      yield* request("/issues", posted({ "Idempotency-Key": "k-1" }))
      assert.deepStrictEqual(asked, [issue, undefined, issue, { orgId, key: "k-1" }])
    }))

  it.scoped("refuses a key used for another body, or malformed, before Linear is asked", () =>
    Effect.gen(function*() {
      const request = yield* app({})
      assert.deepStrictEqual(yield* request("/issues", posted({ "idempotency-key": "used" })), {
        status: 409,
        body: {
          error: "This Idempotency-Key was already used with another request body",
          code: "IDEMPOTENCY_CONFLICT",
          status: 409
        }
      })
      for (const key of ["", "k".repeat(256), "\u00e9"]) {
        assert.strictEqual((yield* request("/issues", posted({ "idempotency-key": key }))).status, 400, key)
      }
      assert.strictEqual((yield* request("/issues", posted({}, { ...issue, teamID: "x" }))).status, 400)
    }))

  it.scoped("answers with Linear's refusal", () =>
    Effect.gen(function*() {
      const details = "Could not find referenced Team."
      const request = yield* app({ create: () => new UpstreamRejected({ vendor: "Linear", details }) })
      assert.deepStrictEqual(yield* request("/issues", posted({})), {
        status: 422,
        body: { error: "Linear refused the request", code: "UPSTREAM_REJECTED", status: 422, details }
      })
    }))
})
