import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, at, failure, notValid } from "./ask.ts"
import { as, asNobody, configure, configuredOrg, Faked, newOrg } from "./service.ts"

const limit = 1024 * 1024
const tooLarge = failure(413, "PAYLOAD_TOO_LARGE", "The request body is too large", `The limit is ${limit} bytes`)
const notJson = failure(
  415,
  "UNSUPPORTED_MEDIA_TYPE",
  "The request body must be JSON",
  "content-type: expected application/json"
)
const route = { eventType: "sentry.*", channel: "slack", channelId: "C0ERRORS" }
const create = "/api/channel-routes"

const detailsOf = (answer: Answer): string => {
  assert.strictEqual(answer.status, 400, answer.text)
  assert.strictEqual(at(answer.json, "code"), "VALIDATION_ERROR")
  return String(at(answer.json, "details"))
}

layer(Faked())("bodies", (it) => {
  it.effect("that nobody asked for are not read, however large they are", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const body = Buffer.alloc(8 * limit, "x")
      const asked = [
        ["GET", "/api/channel-routes", 200],
        ["DELETE", "/api/channel-routes/route-001", 404],
        ["POST", "/api/channel-routes/route-001/test", 404],
        ["POST", "/api/deliveries/dlv-1/retry", 404],
        ["GET", "/health", 200],
        ["POST", "/nope", 404]
      ] as const
      for (const [method, path, status] of asked) {
        for (const chunked of [false, true]) {
          assert.strictEqual((yield* ask(method, path, { body, chunked })).status, status, `${method} ${path}`)
        }
      }
    }))

  it.effect("over 1 MiB are refused on every endpoint that takes one", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const asked = [
        ["POST", "/api/integrations/configure"],
        ["POST", "/api/integrations/linear/issues"],
        ["POST", "/api/integrations/pagerduty/incidents/P1/acknowledge"],
        ["POST", "/api/webhooks/sentry"],
        ["POST", "/api/webhooks/pagerduty"],
        ["POST", "/api/webhooks/linear"],
        ["POST", "/api/events"],
        ["POST", "/api/deliveries/retry"],
        ["POST", "/api/channel-routes"],
        ["POST", "/api/channel-routes/preview"],
        ["PATCH", "/api/channel-routes/route-001"],
        ["PUT", "/api/agents/agent-incident-aaaaaa/endpoint"]
      ] as const
      for (const [method, path] of asked) {
        for (const chunked of [false, true]) {
          const answer = yield* ask(method, path, { body: Buffer.alloc(limit + 1, " "), chunked })
          assert.deepStrictEqual([answer.status, answer.json], [413, tooLarge], `${method} ${path}`)
        }
      }
    }))

  it.effect("over 1 MiB are refused, with a length and without", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const chunked of [false, true]) {
        const answer = yield* ask("POST", create, { body: " ".repeat(limit + 1), chunked })
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 413, body: tooLarge })
      }
      const webhook = yield* asNobody("POST", "/api/webhooks/sentry", {
        body: " ".repeat(limit + 1),
        chunked: true,
        headers: { "sentry-hook-signature": "0".repeat(64) }
      })
      assert.strictEqual(webhook.status, 413)
      assert.deepStrictEqual((yield* ask("GET", create)).json, { routes: [] })
    }))

  it.effect("of endless depth, or with fields that make no plain object, are refused and no defect", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const deep = (levels: number) => `${"[".repeat(levels)}1${"]".repeat(levels)}`
      const levels = "body: expected JSON of at most 100 levels"
      const odd = (name: string) => `body: expected JSON without a field named ${name}`
      const bodies = [
        [deep(101), levels],
        [deep(100_000), levels],
        [`{"eventType":${deep(10_000)}}`, levels],
        [`{"a":`.repeat(10_000) + "1" + "}".repeat(10_000), levels],
        [`{"integration":{"toString":1}}`, odd("toString")],
        [`{"integration":{"valueOf":null,"x":1}}`, odd("valueOf")],
        [`[{"__proto__":{"x":1}}]`, odd("__proto__")]
      ] as const
      for (const [body, details] of bodies) {
        for (const path of [create, "/api/integrations/configure", "/api/events", "/api/integrations/linear/issues"]) {
          for (const chunked of [false, true]) {
            const answer = yield* as(orgId)("POST", path, { body, chunked })
            assert.deepStrictEqual(answer.json, notValid(details), path)
          }
        }
      }
      assert.notInclude(detailsOf(yield* as(orgId)("POST", create, { body: deep(99) })), "levels")
    }))

  it.effect("of 1 MiB are read, with a length and without", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const text = JSON.stringify(route)
      for (const chunked of [false, true]) {
        const answer = yield* ask("POST", create, { body: text + " ".repeat(limit - text.length), chunked })
        assert.strictEqual(answer.status, 201)
      }
    }))

  it.effect("that are not JSON by their type are refused", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
      for (const type of [...types, "application/jsonp", "application/xml"]) {
        const answer = yield* ask("POST", create, { body: route, headers: { "content-type": type } })
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 415, body: notJson }, type)
      }
      for (const type of ["application/json", "application/json; charset=utf-8", "Application/JSON"]) {
        const answer = yield* ask("POST", create, { body: route, headers: { "content-type": type } })
        assert.strictEqual(answer.status, 201, type)
      }
    }))

  it.effect("that do not parse are named", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const body of ["{", "{\"a\":1,}", "nope", "{'a':1}", "\u0000", "[1,2", "\"\\x\""]) {
        for (const chunked of [false, true]) {
          const answer = yield* ask("POST", create, { body, chunked })
          assert.deepStrictEqual(answer.json, notValid("body: expected JSON"), body)
        }
      }
    }))

  it.effect("of another type than an object are refused", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const body of ["null", "[]", "1", "\"text\"", "true", ""]) {
        for (const path of [create, "/api/integrations/configure", "/api/integrations/linear/issues"]) {
          detailsOf(yield* ask("POST", path, { body }))
        }
      }
    }))

  it.effect("with wrong types have each field named", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const details = detailsOf(
        yield* ask("POST", create, { body: { eventType: 7, channel: "email", channelId: [], projectId: {} } })
      )
      for (const field of ["eventType", "channel", "channelId", "projectId"]) {
        assert.include(details, `${field}: expected`)
      }
      assert.include(details, "\"slack\" or \"discord\" or \"telegram\" or \"whatsapp\"")
      const issue = detailsOf(
        yield* ask("POST", "/api/integrations/linear/issues", {
          body: { title: " ", priority: 5, labels: ["ok", ""], teamID: "x" }
        })
      )
      for (const field of ["title", "teamId", "priority", "labels.1", "teamID"]) {
        assert.include(issue, `${field}: `)
      }
    }))

  it.effect("with unknown properties are refused and say which", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const ask = as(orgId)
      const acknowledge = "/api/integrations/pagerduty/incidents/P1INC001/acknowledge"
      assert.include(detailsOf(yield* ask("POST", create, { body: { ...route, projectID: "p" } })), "projectID: ")
      assert.include(
        detailsOf(yield* ask("POST", acknowledge, { body: { acknowledged_by: "me" } })),
        "acknowledged_by: "
      )
      const config = { apiKey: "k", serviceID: "P1" }
      assert.include(detailsOf(yield* configure(orgId, { integration: "pagerduty", config })), "config.serviceID: ")
      assert.include(
        detailsOf(yield* configure(orgId, { integration: "slack", config: { botToken: "t" }, verify: true })),
        "verify: "
      )
      const made = yield* ask("POST", create, { body: route })
      const id = String(at(made.json, "id"))
      assert.include(detailsOf(yield* ask("PATCH", `${create}/${id}`, { body: { enable: false } })), "enable: ")
      // A channel is what a route is: another one is another route.
      assert.include(detailsOf(yield* ask("PATCH", `${create}/${id}`, { body: { channel: "discord" } })), "channel: ")
      assert.strictEqual(at((yield* ask("GET", create)).json, "routes", 0, "enabled"), true)
      assert.isUndefined(at((yield* ask("GET", create)).json, "routes", 1))
    }))

  it.effect("with a prototype in them touch nothing", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const key of ["__proto__", "constructor", "prototype"]) {
        const body = `{"${key}":{"enabled":false},"eventType":"a","channel":"slack","channelId":"C"}`
        const answer = yield* ask("POST", create, { body })
        assert.isTrue([201, 400].includes(answer.status), answer.text)
        assert.notStrictEqual(at(answer.json, "enabled"), false)
      }
      assert.isUndefined(at({}, "enabled"))
    }))

  it.effect("that are wrong never show what was in them", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const secret = "s3cr3t-v4lue-0123456789"
      const bodies = [
        { integration: "pagerduty", config: { apiKey: { value: secret } } },
        { integration: "pagerduty", config: { apiKey: `${secret} with spaces` } },
        { integration: "pagerduty", config: { apiKey: [secret], webhookSecret: 7 } },
        { integration: "pagerduty", config: { apikey: secret } },
        { integration: "pagerduty", config: secret },
        { integration: secret, config: { apiKey: secret } },
        { integration: "sentry", config: { authToken: secret, organization: 1, baseUrl: `http://u:${secret}@x` } },
        { integration: "sentry", config: { authToken: `${secret}\n`, organization: "acme" } },
        { integration: "whatsapp", config: { accessToken: secret, phoneNumberId: null } },
        { config: { apiKey: secret } },
        secret,
        `{"integration":"slack","config":{"botToken":"${secret}"`
      ]
      for (const body of bodies) {
        const answer = yield* configure(orgId, body)
        assert.notInclude(answer.text, "s3cr3t", answer.text)
        assert.notInclude(JSON.stringify(answer.headers), "s3cr3t")
        detailsOf(answer)
      }
    }))

  it.effect("may be left out where nothing in them is required", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const acknowledge = "/api/integrations/pagerduty/incidents/P1INC001/acknowledge"
      for (const sent of [{}, { body: "" }, { body: {} }, { body: { acknowledgedBy: null } }]) {
        assert.strictEqual((yield* ask("POST", acknowledge, sent)).status, 200, JSON.stringify(sent))
      }
    }))
})
