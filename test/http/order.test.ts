import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at, failure, notValid } from "./ask.ts"
import { as, asNobody, Faked, newOrg } from "./service.ts"

const required = failure(400, "ORG_ID_REQUIRED", "The x-org-id header is required")
const invalid = failure(
  400,
  "ORG_ID_INVALID",
  "The x-org-id header is not a valid organisation id",
  "x-org-id: expected 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
)
const unknown = failure(404, "NOT_FOUND", "No such path")
const big = "x".repeat(1024 * 1024 + 1)

layer(Faked())("what is checked first", (it) => {
  it.effect("a path, before the organisation", () =>
    Effect.gen(function*() {
      for (const path of ["/", "/nope", "/api", "/api/integrations/status/x", "/api/channel-routes/", "/api//agents"]) {
        const answer = yield* asNobody("GET", path)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 404, body: unknown }, path)
      }
    }))

  it.effect("a method, before the organisation", () =>
    Effect.gen(function*() {
      const allowed = {
        "/api/integrations/status": "DELETE, GET",
        "/api/integrations/configure": "DELETE, GET, POST",
        "/api/integrations/pagerduty/oncall": "GET",
        "/api/integrations/pagerduty/incidents/P1/acknowledge": "POST",
        "/api/integrations/linear/issues": "GET, POST",
        "/api/observability/sentry": "GET",
        "/api/webhooks/sentry": "POST",
        "/api/channel-routes": "GET, POST",
        "/api/channel-routes/route-001": "DELETE, PATCH",
        "/health": "GET",
        "/openapi.json": "GET",
        "/docs": "GET"
      }
      for (const [path, methods] of Object.entries(allowed)) {
        const answer = yield* asNobody("PUT", path, { body: {} })
        assert.deepStrictEqual(
          { status: answer.status, allow: answer.headers.allow, body: answer.json },
          {
            status: 405,
            allow: methods,
            body: failure(
              405,
              "METHOD_NOT_ALLOWED",
              "This path does not support the method",
              `Allowed: ${methods}`
            )
          },
          path
        )
      }
    }))

  it.effect("an organisation, before body and parameters", () =>
    Effect.gen(function*() {
      const noOrg = [
        yield* asNobody("POST", "/api/channel-routes", { body: "{" }),
        yield* asNobody("POST", "/api/channel-routes", { body: big }),
        yield* asNobody("POST", "/api/channel-routes", { body: "a", headers: { "content-type": "text/plain" } }),
        yield* asNobody("POST", "/api/integrations/linear/issues", { body: {} }),
        yield* asNobody("GET", "/api/integrations/linear/issues?limit=0"),
        yield* asNobody("DELETE", "/api/integrations/nope")
      ]
      for (const answer of noOrg) assert.deepStrictEqual(answer.json, required)
    }))

  it.effect("size and media type, before what is in the body", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const large = yield* ask("POST", "/api/channel-routes", { body: big, headers: { "content-type": "text/plain" } })
      assert.strictEqual(at(large.json, "code"), "PAYLOAD_TOO_LARGE")
      const typed = yield* ask("POST", "/api/channel-routes", { body: "{", headers: { "content-type": "text/plain" } })
      assert.strictEqual(at(typed.json, "code"), "UNSUPPORTED_MEDIA_TYPE")
    }))

  it.effect("parameters and body, before whether the integration is configured", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const wrong = [
        yield* ask("GET", "/api/integrations/pagerduty/incidents?limit=0"),
        yield* ask("GET", "/api/integrations/linear/issues?limit=0"),
        yield* ask("POST", "/api/integrations/linear/issues", { body: {} }),
        yield* ask("GET", "/api/observability/sentry?limit=0")
      ]
      for (const answer of wrong) assert.strictEqual(at(answer.json, "code"), "VALIDATION_ERROR")
      const right = [
        yield* ask("GET", "/api/integrations/pagerduty/incidents"),
        yield* ask("POST", "/api/integrations/pagerduty/incidents/P1INC001/acknowledge", { body: {} }),
        yield* ask("GET", "/api/integrations/linear/teams"),
        yield* ask("GET", "/api/integrations/linear/issues"),
        yield* ask("POST", "/api/integrations/linear/issues", { body: { title: "t", teamId: "team-eng" } }),
        yield* ask("GET", "/api/observability/sentry"),
        yield* ask("GET", "/api/integrations/slack"),
        yield* ask("DELETE", "/api/integrations/whatsapp")
      ]
      const names = ["PagerDuty", "PagerDuty", "Linear", "Linear", "Linear", "Sentry", "Slack", "WhatsApp"]
      assert.deepStrictEqual(
        right.map(({ json }) => json),
        names.map((name) => failure(400, "INTEGRATION_NOT_CONFIGURED", `${name} integration is not configured`))
      )
    }))

  it.effect("organisations are asked for on every path of the API", () =>
    Effect.gen(function*() {
      const paths = [
        ["GET", "/api/integrations/status"],
        ["POST", "/api/integrations/configure"],
        ["GET", "/api/integrations/pagerduty"],
        ["DELETE", "/api/integrations/pagerduty"],
        ["GET", "/api/integrations/pagerduty/oncall"],
        ["GET", "/api/integrations/pagerduty/incidents"],
        ["POST", "/api/integrations/pagerduty/incidents/P1/acknowledge"],
        ["GET", "/api/integrations/linear/teams"],
        ["GET", "/api/integrations/linear/issues"],
        ["POST", "/api/integrations/linear/issues"],
        ["GET", "/api/observability/sentry"],
        ["GET", "/api/channel-routes"],
        ["POST", "/api/channel-routes"],
        ["PATCH", "/api/channel-routes/route-001"],
        ["DELETE", "/api/channel-routes/route-001"]
      ] as const
      for (const [method, path] of paths) {
        assert.deepStrictEqual((yield* asNobody(method, path)).json, required, `${method} ${path}`)
      }
      for (const path of ["/health", "/health/ready", "/docs", "/openapi.json"]) {
        assert.strictEqual((yield* asNobody("GET", path)).status, 200, path)
      }
    }))

  it.effect("organisation ids that are none are refused", () =>
    Effect.gen(function*() {
      for (const header of ["", " ", "\t"]) {
        const answer = yield* asNobody("GET", "/api/channel-routes", { headers: { "x-org-id": header } })
        assert.deepStrictEqual(answer.json, required, JSON.stringify(header))
      }
      const malformed = [
        "../..",
        "..",
        ".",
        "a b",
        "-a",
        "_a",
        "a/b",
        "a%2fb",
        "org\u00e9",
        "a".repeat(129),
        "a,b",
        "a;b"
      ]
      for (const header of malformed) {
        const answer = yield* asNobody("GET", "/api/channel-routes", { headers: { "x-org-id": header } })
        assert.deepStrictEqual(answer.json, invalid, header)
      }
      const twice = yield* asNobody("GET", "/api/channel-routes", { headers: { "x-org-id": ["org-a", "org-b"] } })
      assert.deepStrictEqual(twice.json, invalid)
    }))

  it.effect("organisation ids of every permitted form are taken", () =>
    Effect.gen(function*() {
      for (const header of ["a", "0", "a..", "A.b_c-9", "a".repeat(128)]) {
        const answer = yield* asNobody("GET", "/api/channel-routes", { headers: { "x-org-id": header } })
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 200, body: { routes: [] } })
      }
    }))

  it.effect("an unknown integration in the path is named", () =>
    Effect.gen(function*() {
      const ids = ["pagerduty", "linear", "sentry", "slack", "discord", "telegram", "whatsapp"]
      const expected = `id: expected ${ids.map((id) => `"${id}"`).join(" or ")}`
      const answer = yield* as(yield* newOrg)("GET", "/api/integrations/github")
      assert.deepStrictEqual(answer.json, notValid(expected))
    }))
})
