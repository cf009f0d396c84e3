import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at, notValid } from "./ask.ts"
import { as, asNobody, configuredOrg, Faked, newOrg } from "./service.ts"

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

layer(Faked())("requests", (it) => {
  it.effect("carry their own id back, or get one", () =>
    Effect.gen(function*() {
      const idOf = (headers: Record<string, string | ReadonlyArray<string>>, path = "/health") =>
        Effect.map(asNobody("GET", path, { headers }), (answer) => answer.headers["x-request-id"])
      assert.strictEqual(yield* idOf({ "x-request-id": "Req_1.a-b" }), "Req_1.a-b")
      assert.strictEqual(yield* idOf({ "X-Request-ID": "a".repeat(128) }, "/nope"), "a".repeat(128))
      assert.strictEqual(yield* idOf({ "x-request-id": "r-1" }, "/api/channel-routes"), "r-1")
      for (const insane of ["", "a b", "a".repeat(129), "<script>", "a\u00e9"]) {
        assert.match(String(yield* idOf({ "x-request-id": insane })), uuid, insane)
      }
      assert.match(String(yield* idOf({ "x-request-id": ["a", "b"] })), uuid)
      assert.notStrictEqual(yield* idOf({}), yield* idOf({}))
    }))

  it.effect("limit: an integer from 1 to 100 or nothing", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const paths = [
        "/api/integrations/pagerduty/incidents",
        "/api/integrations/linear/issues",
        "/api/observability/sentry"
      ]
      for (const path of paths) {
        for (const good of ["", "?limit=1", "?limit=100"]) {
          assert.strictEqual((yield* ask("GET", path + good)).status, 200, path + good)
        }
        for (const bad of ["0", "101", "-1", "1.5", "abc", "", "1e400", "NaN", "Infinity", "%00", "5&limit=6"]) {
          const answer = yield* ask("GET", `${path}?limit=${bad}`)
          assert.strictEqual(answer.status, 400, `${path} ${bad}`)
          assert.strictEqual(at(answer.json, "code"), "VALIDATION_ERROR")
          assert.match(String(at(answer.json, "details")), /^limit: expected an integer from 1 to 100$/, bad)
        }
      }
    }))

  it.effect("query parameters that nobody knows are ignored", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const paths = [
        "/api/integrations/status?x=1",
        "/api/integrations/pagerduty/oncall?limit=abc",
        "/api/integrations/pagerduty/incidents?utm=1&utm=2",
        "/api/integrations/linear/teams?team=",
        "/api/integrations/linear/issues?cursor=%2e%2e",
        "/api/observability/sentry?statsPeriod=14d",
        "/api/channel-routes?enabled=maybe",
        "/health?verbose"
      ]
      for (const path of paths) assert.strictEqual((yield* ask("GET", path)).status, 200, path)
    }))

  it.effect("statuses of incidents: a subset, nothing else", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const list = (status: string) => ask("GET", `/api/integrations/pagerduty/incidents?status=${status}`)
      for (const good of ["triggered", "resolved,acknowledged", "triggered,triggered", "triggered%2Cresolved"]) {
        assert.strictEqual((yield* list(good)).status, 200, good)
      }
      for (const bad of ["", "open", "triggered,", "Triggered", "triggered%20", "triggered;resolved"]) {
        assert.deepStrictEqual(
          (yield* list(bad)).json,
          notValid("status: expected a comma-separated subset of triggered, acknowledged, resolved"),
          bad
        )
      }
    }))

  it.effect("several bad parameters are named at once", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const answer = yield* ask("GET", "/api/integrations/linear/issues?limit=0&team=&status=")
      assert.strictEqual(answer.status, 400)
      for (const field of ["limit", "team", "status"]) assert.include(String(at(answer.json, "details")), `${field}: `)
    }))

  it.effect("paths have one spelling", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const others = [
        "/API/channel-routes",
        "/api/Channel-Routes",
        "/api/channel-routes/",
        "//api/channel-routes",
        "/api//channel-routes",
        "/api/./channel-routes",
        "/api/x/../channel-routes",
        "/api%2Fchannel-routes",
        "/api/channel-routes%2F",
        "/api/channel-routes%00",
        "/api\\channel-routes"
      ]
      for (const path of others) {
        const answer = yield* ask("GET", path)
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [404, "NOT_FOUND"], path)
      }
    }))

  it.effect("paths end at the question mark alone", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const path of ["/api/channel-routes;a=b", "/api/channel-routes#a", "/health;a=b"]) {
        const answer = yield* ask("GET", path)
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [404, "NOT_FOUND"], path)
      }
      const configured = as(yield* configuredOrg)
      for (const id of ["P1;a", "P1INC001;a", "P1#a"]) {
        const path = `/api/integrations/pagerduty/incidents/${id}/acknowledge`
        assert.strictEqual((yield* configured("POST", path, { body: {} })).status, 404, path)
      }
    }))

  it.effect("paths that do not decode are unknown, not a fault of ours", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const path of ["/%", "/%zz", "/api/channel-routes/%", "/api/integrations/%E0%A4%A", "/%ff"]) {
        const answer = yield* ask("GET", path)
        assert.isTrue([400, 404, 405].includes(answer.status), `${path} ${answer.status} ${answer.text}`)
        assert.strictEqual(at(answer.json, "status"), answer.status, path)
      }
    }))

  it.effect("an absolute or odd target gets the documented shape too", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const target of ["http://example.com/api/channel-routes", "*", "?", "/?"]) {
        const answer = yield* ask("GET", target)
        assert.isTrue(answer.status < 500, `${target} ${answer.status} ${answer.text}`)
      }
      assert.strictEqual((yield* ask("GET", "/health")).status, 200)
    }))

  it.effect("HEAD and OPTIONS are answered without an effect", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const head = yield* ask("HEAD", "/api/channel-routes")
      assert.isTrue([200, 405].includes(head.status), String(head.status))
      assert.strictEqual(head.text, "")
      const options = yield* ask("OPTIONS", "/api/channel-routes")
      assert.deepStrictEqual([options.status, options.headers.allow], [405, "GET, POST"])
      assert.strictEqual(at(options.json, "code"), "METHOD_NOT_ALLOWED")
      assert.strictEqual((yield* ask("HEAD", "/nope")).status, 404)
    }))

  it.effect("the health checks tell", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* asNobody("GET", "/health")).json, { status: "ok" })
      assert.deepStrictEqual((yield* asNobody("GET", "/health/ready")).json, { status: "ready" })
    }))
})
