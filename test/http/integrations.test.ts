import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { at, failure } from "./ask.ts"
import { as, configure, credentials, Faked, newOrg } from "./service.ts"

const inactive = (id: string) => ({ id, configured: false, status: "inactive", lastSync: null })
const active = (id: string) => ({ id, configured: true, status: "active", lastSync: null })
const statusOf = (orgId: string) => Effect.map(as(orgId)("GET", "/api/integrations/status"), ({ json }) => json)

const every = [
  { integration: "whatsapp", config: { accessToken: "EAA-s3cr3t-whatsapp", phoneNumberId: "15550001111" } },
  { integration: "telegram", config: { botToken: "123456:s3cr3t-telegram" } },
  { integration: "discord", config: { botToken: "discord-s3cr3t-token" } },
  { integration: "slack", config: { botToken: "xoxb-s3cr3t-slack" } },
  {
    integration: "sentry",
    config: {
      authToken: "sntrys_s3cr3t-sentry",
      organization: "acme",
      project: "api-gateway",
      region: "de",
      webhookSecret: "s3cr3t-sentry-hook",
      webhookSecretPrevious: "s3cr3t-sentry-before",
      installationId: "24b397fc",
      projects: { "api-gateway": "proj-001" }
    }
  },
  {
    integration: "linear",
    config: {
      apiKey: "lin_api_s3cr3t-linear",
      teamId: "team-eng",
      webhookSecret: "s3cr3t-linear-hook",
      webhookSecretPrevious: "s3cr3t-linear-before"
    }
  },
  {
    integration: "pagerduty",
    config: {
      apiKey: "u+s3cr3t-pagerduty",
      serviceId: "P1ABC2D",
      escalationPolicyId: "PESC001",
      fromEmail: "ana@acme.com",
      region: "eu",
      webhookSecret: "s3cr3t-pagerduty-hook",
      webhookSecretPrevious: "short"
    }
  }
] as const

const plain = /key|token|secret/i

layer(Faked())("integrations", (it) => {
  it.effect("list the four always and the others once they are there, in one order", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const four = ["pagerduty", "linear", "sentry", "slack"]
      assert.deepStrictEqual(yield* statusOf(orgId), { integrations: four.map(inactive) })
      yield* configure(orgId, every[0])
      assert.deepStrictEqual(yield* statusOf(orgId), { integrations: [...four.map(inactive), active("whatsapp")] })
      for (const body of every) assert.strictEqual((yield* configure(orgId, body)).status, 200, body.integration)
      assert.deepStrictEqual(yield* statusOf(orgId), {
        integrations: [...four, "discord", "telegram", "whatsapp"].map(active)
      })
    }))

  it.effect("show their config without any secret", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      for (const body of every) {
        const configured = yield* configure(orgId, body)
        assert.deepStrictEqual(configured.json, {
          integration: body.integration,
          status: "active",
          configuredAt: "1970-01-01T00:00:00Z"
        })
        const shown = yield* as(orgId)("GET", `/api/integrations/${body.integration}`)
        assert.strictEqual(shown.status, 200)
        assert.notInclude(shown.text, "s3cr3t")
        assert.notInclude(shown.text, "short")
        const { config, ...rest } = { config: undefined, ...Object(shown.json) }
        assert.deepStrictEqual(rest, {
          integration: body.integration,
          status: "active",
          lastSync: null,
          configuredAt: "1970-01-01T00:00:00Z",
          budget: []
        })
        for (const [field, value] of Object.entries<unknown>(body.config)) {
          const [mask, text] = [at(config, field), String(value)]
          if (!plain.test(field)) assert.deepStrictEqual(mask, value, field)
          else assert.strictEqual(mask, text.length < 12 ? "••••" : `••••${text.slice(-4)}`, field)
        }
      }
    }))

  it.effect("show what is unset as null", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* configure(orgId, { integration: "pagerduty", config: { apiKey: "u+abcdef1234567890", serviceId: null } })
      assert.deepStrictEqual((yield* as(orgId)("GET", "/api/integrations/pagerduty")).json, {
        integration: "pagerduty",
        status: "active",
        lastSync: null,
        configuredAt: "1970-01-01T00:00:00Z",
        config: {
          apiKey: "••••7890",
          serviceId: null,
          escalationPolicyId: null,
          fromEmail: null,
          region: null,
          webhookSecret: null,
          webhookSecretPrevious: null
        },
        budget: []
      })
    }))

  it.effect("are replaced whole, never merged", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      for (const body of every) yield* configure(orgId, body)
      yield* configure(orgId, { integration: "linear", config: { apiKey: "lin_api_other" } })
      const { json } = yield* as(orgId)("GET", "/api/integrations/linear")
      assert.deepStrictEqual(at(json, "config"), {
        apiKey: "••••ther",
        teamId: null,
        webhookSecret: null,
        webhookSecretPrevious: null
      })
      assert.strictEqual(at((yield* as(orgId)("GET", "/api/integrations/sentry")).json, "config", "region"), "de")
    }))

  it.effect("are forgotten, and only then are not configured", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const ask = as(orgId)
      yield* configure(orgId, credentials.linear)
      assert.strictEqual((yield* ask("GET", "/api/integrations/linear/teams")).status, 200)
      const gone = yield* ask("DELETE", "/api/integrations/linear")
      assert.deepStrictEqual([gone.status, gone.json], [200, { integration: "linear", deleted: true }])
      const none = failure(400, "INTEGRATION_NOT_CONFIGURED", "Linear integration is not configured")
      for (const [method, path] of [["GET", ""], ["DELETE", ""], ["GET", "/teams"]] as const) {
        const answer = yield* ask(method, `/api/integrations/linear${path}`)
        assert.deepStrictEqual([answer.status, answer.json], [400, none], `${method} ${path}`)
      }
      assert.deepStrictEqual(at(yield* statusOf(orgId), "integrations", 1), inactive("linear"))
      yield* configure(orgId, credentials.linear)
      assert.deepStrictEqual(at(yield* statusOf(orgId), "integrations", 1), active("linear"))
    }))

  it.effect("keep the time of the last success, in memory and on disk", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const ask = as(orgId)
      yield* configure(orgId, credentials.linear)
      const lastSync = Effect.map(statusOf(orgId), (json) => at(json, "integrations", 1, "lastSync"))
      assert.isNull(yield* lastSync)
      yield* TestClock.adjust("90 seconds")
      yield* ask("GET", "/api/integrations/linear/teams")
      const first = String(yield* lastSync)
      assert.match(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      yield* TestClock.adjust("90 seconds")
      assert.strictEqual(yield* lastSync, first)
      yield* ask("GET", "/api/integrations/linear/issues")
      assert.strictEqual(Date.parse(String(yield* lastSync)) - Date.parse(first), 90_000)
      // A configure asks nothing of the vendor.
      yield* configure(orgId, credentials.linear)
      assert.strictEqual(Date.parse(String(yield* lastSync)) - Date.parse(first), 90_000)
      yield* TestClock.adjust("5 seconds")
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql`SELECT last_sync FROM integrations WHERE org_id = ${orgId}`
      assert.strictEqual(Date.parse(String(at(row, "lastSync"))) - Date.parse(first), 90_000)
    }))

  it.effect("are stored sealed", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      for (const body of every) yield* configure(orgId, body)
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT * FROM integrations WHERE org_id = ${orgId}`
      assert.lengthOf(rows, every.length)
      const stored = JSON.stringify(rows)
      assert.notInclude(stored, "s3cr3t")
      assert.notInclude(stored, Buffer.from("s3cr3t").toString("base64").slice(0, 8))
    }))

  it.effect("50 configured at once in one organisation: the last one is whole", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const answers = yield* Effect.forEach(Array.from({ length: 50 }, (_, index) => index), (index) =>
        configure(orgId, {
          integration: "pagerduty",
          config: {
            apiKey: `u+key-number-${1000 + index}`,
            serviceId: `S${1000 + index}`,
            fromEmail: `e${1000 + index}`
          }
        }), { concurrency: "unbounded" })
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      const shown = at((yield* as(orgId)("GET", "/api/integrations/pagerduty")).json, "config")
      const number = String(at(shown, "apiKey")).slice(-4)
      assert.deepStrictEqual([at(shown, "serviceId"), at(shown, "fromEmail")], [`S${number}`, `e${number}`])
    }))

  it.effect("all configured at once in 20 organisations: nothing is lost or mixed up", () =>
    Effect.gen(function*() {
      const orgs = yield* Effect.replicateEffect(newOrg, 20)
      const all = orgs.flatMap((orgId, index) => every.map((body) => ({ orgId, index, body })))
      yield* Effect.forEach(all, ({ body, index, orgId }) =>
        configure(
          orgId,
          body.integration === "linear" ? { ...body, config: { ...body.config, teamId: `T${index}` } } : body
        ), { concurrency: "unbounded" })
      for (const [index, orgId] of orgs.entries()) {
        const ids = ["pagerduty", "linear", "sentry", "slack", "discord", "telegram", "whatsapp"]
        assert.deepStrictEqual(yield* statusOf(orgId), { integrations: ids.map(active) })
        const { json } = yield* as(orgId)("GET", "/api/integrations/linear")
        assert.strictEqual(at(json, "config", "teamId"), `T${index}`)
      }
    }))

  it.effect("are nobody else's to see, use or forget", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* newOrg, yield* newOrg]
      for (const body of every) yield* configure(a, body)
      assert.deepStrictEqual(yield* statusOf(b), {
        integrations: ["pagerduty", "linear", "sentry", "slack"].map(inactive)
      })
      const none = failure(400, "INTEGRATION_NOT_CONFIGURED", "Linear integration is not configured")
      for (const [method, path] of [["GET", ""], ["GET", "/teams"], ["GET", "/issues"], ["DELETE", ""]] as const) {
        assert.deepStrictEqual((yield* as(b)(method, `/api/integrations/linear${path}`)).json, none)
      }
      assert.strictEqual((yield* as(a)("GET", "/api/integrations/linear")).status, 200)
      // Organisation ids tell case apart.
      assert.strictEqual((yield* as(a.toUpperCase())("GET", "/api/integrations/linear")).status, 400)
    }))
})
