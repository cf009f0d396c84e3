import { HttpApi, HttpApiBuilder, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"
import { Intake } from "../../src/alerts/Intake.ts"
import { apiId } from "../../src/api/apiId.ts"
import { Authentication } from "../../src/api/Caller.ts"
import { RateLimit } from "../../src/api/RateLimit.ts"
import { InvalidSignature, RequestInvalid } from "../../src/domain/Errors.ts"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { OrgId } from "../../src/domain/Ids.ts"
import { JsonBodyLive } from "../../src/http/JsonBody.ts"
import { OrgAccessLive } from "../../src/http/Org.ts"
import { requestId } from "../../src/http/requestId.ts"
import { SentryGroup } from "../../src/integrations/sentry/Api.ts"
import { SentryHttp } from "../../src/integrations/sentry/Http.ts"
import { Sentry } from "../../src/integrations/sentry/Sentry.ts"
import { IntegrationRow } from "../../src/persistence/IntegrationsRepo.ts"
import { type Connection, Integrations } from "../../src/services/Integrations.ts"
import { RateLimits } from "../../src/services/RateLimits.ts"
import { WebhookFailures } from "../../src/services/WebhookFailures.ts"
import { type Delivery, WebhookOrgs } from "../../src/services/WebhookOrgs.ts"
import { signs } from "../../src/services/webhookSignature.ts"

const acme = OrgId.make("org-acme-corp")
const secret = "sentry-client-secret"
const stored = {
  authToken: "sntrys_token",
  organization: "acme",
  webhookSecret: secret,
  projects: { "api-gateway": "proj-001" }
}
const row = new IntegrationRow({
  orgId: acme,
  integration: "sentry",
  keyId: "k1",
  sealed: "sealed",
  configuredAt: DateTime.unsafeMake(0),
  refusedAt: null,
  lastSync: null
})

const asked: Array<unknown> = []
const resolved: Array<Delivery> = []
const accepted: Array<IncomingEvent> = []

const Fakes = Layer.mergeAll(
  Layer.mock(Integrations, {
    _tag: "services/Integrations",
    connect: <Config, I>(definition: { readonly Config: Schema.Schema<Config, I> }): Connection<Config> => {
      const open = () =>
        Schema.decodeUnknown(definition.Config)(stored).pipe(
          Effect.orDie,
          Effect.map((config) => ({ config, revision: "1", row }))
        )
      return {
        open,
        write: (_, use) => Effect.flatMap(open(), ({ config }) => use(config)),
        send: (_, use) => Effect.flatMap(open(), ({ config }) => use(config)),
        read: (_, __, ___, use) => Effect.flatMap(open(), ({ config }) => use(config))
      }
    }
  }),
  Layer.succeed(Sentry, {
    issues: (_, query) => Effect.sync(() => (asked.push(query), { issues: [], total: 0 })),
    verify: () => Effect.void
  }),
  Layer.succeed(WebhookOrgs, {
    resolve: (delivery) => {
      resolved.push(delivery)
      if (delivery.named === "two") return Effect.fail(new RequestInvalid({ problems: ["org: several"] }))
      return signs(Redacted.make(secret), delivery.body, delivery.signatures)
        ? Effect.succeed(acme)
        : Effect.fail(new InvalidSignature({ details: "sentry-hook-signature: no configured secret verifies it" }))
    }
  }),
  Layer.mock(WebhookFailures, {
    _tag: "services/WebhookFailures",
    refuse: ({ details }, told = details) => Effect.fail(new InvalidSignature({ details: told }))
  }),
  Layer.succeed(Intake, {
    accept: (_, event) =>
      Effect.sync(() => {
        accepted.push(event)
        const agentId = event.forAgent ? "agent-incident-xyz789" : null
        return { eventId: "e", agentId, deliveries: 0, repeated: false }
      })
  })
)

const Everybody = Layer.succeed(Authentication, {
  token: () => Effect.succeed({ tokenId: null, scopes: new Set() })
})

const Server = HttpApiBuilder.serve().pipe(
  Layer.provide(HttpApiBuilder.middleware(requestId)),
  Layer.provide(HttpApiBuilder.api(HttpApi.make(apiId).add(SentryGroup))),
  Layer.provide(SentryHttp),
  Layer.provide([Fakes, Everybody, OrgAccessLive, JsonBodyLive]),
  Layer.provide([RateLimits.Default, Layer.succeed(RateLimit, Effect.void)]),
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const sign = (body: Uint8Array | string, key = secret) => createHmac("sha256", key).update(body).digest("hex")

const post = (body: Uint8Array | string, headers: Record<string, string>, search = "") =>
  HttpClientRequest.post(`/api/webhooks/sentry${search}`, {
    headers,
    body: HttpBody.raw(body, { contentType: "application/json" })
  }).pipe(
    HttpClient.execute,
    Effect.flatMap((answer) => Effect.map(answer.json, (body) => ({ status: answer.status, body })))
  )

const signed = (body: Uint8Array | string, headers: Record<string, string> = {}, search = "") =>
  post(body, { "sentry-hook-signature": sign(body), ...headers }, search)

const documented = JSON.stringify({
  action: "created",
  data: {
    issue: {
      id: "4812345",
      title: "TypeError: Cannot read property id of undefined",
      project: { slug: "api-gateway" }
    }
  }
})

layer(Server)("Sentry over HTTP", (it) => {
  it.effect("routes the documented webhook, without an organization header", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* signed(documented), {
        status: 200,
        body: { received: true, routed: true, agentId: "agent-incident-xyz789" }
      })
      const event = accepted.at(-1)
      assert.strictEqual(event?.type, "sentry.issue.created")
      assert.strictEqual(event?.projectId, "proj-001")
      assert.strictEqual(event?.body, documented)
      assert.deepInclude(resolved.at(-1), { integration: "sentry", named: undefined, installation: undefined })
    }))

  it.effect("verifies the bytes received: floats, escapes, and bytes that are no UTF-8", () =>
    Effect.gen(function*() {
      const body =
        `{"action":"triggered","installation":{"uuid":"a8e5d37a"},"data":{"event":{"received":1566248777.0,` +
        `"title":"Gr\\u00f6\\u00dfe"},"triggered_rule":"R"}}`
      assert.deepInclude(yield* signed(body), { status: 200 })
      assert.strictEqual(resolved.at(-1)?.installation, "a8e5d37a")
      assert.strictEqual(accepted.at(-1)?.title, "Größe")
      const broken = new Uint8Array([0x7b, 0xff, 0x00, 0x7d])
      assert.deepStrictEqual(yield* signed(broken, { "sentry-hook-resource": "issue" }), {
        status: 200,
        body: { received: true, routed: false, agentId: null }
      })
      assert.deepInclude(accepted.at(-1), { type: "sentry.unknown.unknown", body: "{\ufffd\ufffd}" })
    }))

  it.effect("refuses what is not signed, in the documented shape", () =>
    Effect.gen(function*() {
      const before = accepted.length
      const refused = (details: string) => ({
        status: 401,
        body: { error: "The webhook signature could not be verified", code: "INVALID_SIGNATURE", status: 401, details }
      })
      const missing = refused("sentry-hook-signature: the header is missing")
      assert.deepStrictEqual(yield* post(documented, {}), missing)
      const malformed = refused("sentry-hook-signature: the header is malformed, expected 64 hexadecimal digits")
      for (const signature of ["", "abc", `sha256=${sign(documented)}`, "g".repeat(64), `${sign(documented)}0`]) {
        assert.deepStrictEqual(yield* post(documented, { "sentry-hook-signature": signature }), malformed)
      }
      const wrong = refused("sentry-hook-signature: no configured secret verifies it")
      const other = { "sentry-hook-signature": sign(documented, "other") }
      assert.deepStrictEqual(yield* post(documented, other), wrong)
      assert.strictEqual(accepted.length, before)
    }))

  it.effect("takes the organization from the query, else from the header, and the resource from its header", () =>
    Effect.gen(function*() {
      yield* signed("{\"action\":\"started\"}", { "x-org-id": "org-b", "sentry-hook-resource": "seer" }, "?utm=1")
      assert.strictEqual(resolved.at(-1)?.named, "org-b")
      assert.strictEqual(accepted.at(-1)?.type, "sentry.seer.started")
      yield* signed(documented, { "x-org-id": "org-b" }, "?org=org-a")
      assert.strictEqual(resolved.at(-1)?.named, "org-a")
      assert.deepStrictEqual(yield* signed(documented, {}, "?org=two"), {
        status: 400,
        body: { error: "The request is not valid", code: "VALIDATION_ERROR", status: 400, details: "org: several" }
      })
    }))

  it.effect("lists issues with the documented defaults, for an organization only", () =>
    Effect.gen(function*() {
      const get = (search: string, headers: Record<string, string> = { "x-org-id": acme }) =>
        Effect.flatMap(
          HttpClient.get(`/api/observability/sentry${search}`, { headers }),
          (answer) => Effect.map(answer.json, (body) => ({ status: answer.status, body }))
        )
      assert.deepStrictEqual(yield* get(""), { status: 200, body: { issues: [], total: 0 } })
      assert.deepStrictEqual(asked.at(-1), { query: "is:unresolved", limit: 25 })
      yield* get("?project=api-gateway&query=&limit=10")
      assert.deepStrictEqual(asked.at(-1), { project: "api-gateway", query: "", limit: 10 })
      for (const bad of ["?limit=0", "?limit=101", "?limit=", "?limit=ten", "?project="]) {
        assert.deepInclude(yield* get(bad), { status: 400 })
      }
      assert.deepInclude(yield* get("", {}), { status: 400 })
    }))
})
