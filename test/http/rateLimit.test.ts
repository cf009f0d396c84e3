import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { tables } from "../fakes/schema.ts"
import { type Answer, at, failure } from "./ask.ts"
import { as, asNobody, configure, Faked, newOrg } from "./service.ts"

const limits = {
  RATE_LIMIT: "2/s burst 5",
  WEBHOOK_RATE_LIMIT: "10/s burst 20",
  FAILURE_RATE_LIMIT: "1/s burst 10"
}

const routes = (orgId: string) => as(orgId)("GET", "/api/channel-routes")
const statusesOf = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

const sentry = (secret: string) => ({
  integration: "sentry",
  config: { authToken: "sntrys_sandbox", organization: "acme", webhookSecret: secret }
})

const body = (id: string) => JSON.stringify({ action: "created", data: { issue: { id, title: "TypeError" } } })

const deliver = (secret: string, id: string, search = "") =>
  asNobody("POST", `/api/webhooks/sentry${search}`, {
    body: body(id),
    headers: signatureHeaders.sentry(secret, body(id))
  })

const tooMany = (details: string) => failure(429, "RATE_LIMITED", "Too many requests", details)

layer(Faked({ environment: limits }))("an organisation that asks too often", (it) => {
  it.effect("is told when to come back, in whole seconds, and others are served", () =>
    Effect.gen(function*() {
      const [noisy, quiet] = [yield* newOrg, yield* newOrg]
      assert.deepStrictEqual(statusesOf(yield* Effect.replicateEffect(routes(noisy), 5)), [200, 200, 200, 200, 200])
      const refused = yield* routes(noisy)
      assert.deepStrictEqual(
        [refused.status, refused.json, refused.headers["retry-after"]],
        [429, tooMany("The organisation may make 2 requests a second, 5 in a burst"), "1"]
      )
      assert.isString(refused.headers["x-request-id"])
      assert.strictEqual((yield* routes(quiet)).status, 200)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(statusesOf(yield* Effect.replicateEffect(routes(noisy), 3)), [200, 200, 429])
    }))

  it.effect("is counted on every endpoint that speaks for it, and after path, method and organisation", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      yield* Effect.replicateEffect(ask("GET", "/api/integrations/status"), 5)
      const asked: ReadonlyArray<readonly [string, string]> = [
        ["GET", "/api/integrations/status"],
        ["POST", "/api/integrations/configure"],
        ["GET", "/api/integrations/linear"],
        ["GET", "/api/integrations/pagerduty/oncall"],
        ["POST", "/api/integrations/linear/issues"],
        ["GET", "/api/observability/sentry"],
        ["GET", "/api/deliveries"],
        ["POST", "/api/events"],
        ["GET", "/api/agents/agent-incident-aaaaaa/incidents?wait=5"],
        ["PUT", "/api/agents/agent-incident-aaaaaa/endpoint"],
        ["GET", "/api/webhooks/failures"],
        ["DELETE", "/api/channel-routes/route-001"]
      ]
      for (const [method, path] of asked) {
        const headers = { "content-type": "text/plain" }
        // Its body, and what media type it has, are not looked at any more.
        assert.strictEqual((yield* ask(method, path, { headers })).status, 429, `${method} ${path}`)
      }
      assert.strictEqual((yield* ask("GET", "/api/nope")).status, 404)
      assert.strictEqual((yield* ask("PUT", "/api/channel-routes")).status, 405)
      assert.strictEqual((yield* asNobody("GET", "/api/channel-routes")).status, 400)
      assert.strictEqual((yield* ask("GET", "/health")).status, 200)
      assert.strictEqual((yield* ask("GET", "/openapi.json")).status, 200)
    }))
})

layer(Faked({ environment: limits }))("webhooks", (it) => {
  it.effect("have a share of their own, which only those take of that verify", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* configure(orgId, sentry("s3cr3t-own"))
      // Garbage in its name, far more than the organisation may be sent.
      for (let index = 0; index < 60; index++) yield* deliver("wrong", `${index}`, `?org=${orgId}`)
      const taken = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => `i-${index}`),
        (id) => deliver("s3cr3t-own", id, `?org=${orgId}`)
      )
      assert.deepStrictEqual([...new Set(statusesOf(taken))], [200])
      const refused = yield* deliver("s3cr3t-own", "i-20", `?org=${orgId}`)
      assert.deepStrictEqual(
        [refused.status, refused.json, refused.headers["retry-after"]],
        [429, tooMany("The organisation may be sent 10 webhooks a second, 20 in a burst"), "1"]
      )
      assert.strictEqual((yield* routes(orgId)).status, 200)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* deliver("s3cr3t-own", "i-20", `?org=${orgId}`)).status, 200)
    }))

  it.effect("that do not verify are refused for it, then for how many they are", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("20 seconds")
      const answers = yield* Effect.replicateEffect(asNobody("POST", "/api/webhooks/linear", { body: {} }), 11)
      assert.deepStrictEqual(statusesOf(answers), [...Array.from({ length: 10 }, () => 401), 429])
      assert.strictEqual(answers.at(-1)?.headers["retry-after"], "1")
      assert.include(String(at(answers.at(-1)?.json, "details")), "name the organisation with ?org=")
    }))

  it.effect("that do not say whose they are are not tried while too many fail", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("20 seconds")
      const orgId = yield* newOrg
      yield* configure(orgId, sentry("s3cr3t-unnamed"))
      assert.strictEqual((yield* deliver("s3cr3t-unnamed", "1")).status, 200)
      yield* Effect.replicateEffect(deliver("wrong", "2"), 10)
      const untried = yield* deliver("s3cr3t-unnamed", "3")
      assert.deepStrictEqual([untried.status, at(untried.json, "code")], [429, "RATE_LIMITED"])
      assert.strictEqual((yield* deliver("s3cr3t-unnamed", "3", `?org=${orgId}`)).status, 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* deliver("s3cr3t-unnamed", "4")).status, 200)
    }))
})

layer(Faked())("made-up organisations", (it) => {
  it.effect("leave nothing in any table, however many there are", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const count = Effect.gen(function*() {
        const counts = yield* Effect.forEach(yield* tables, (name) =>
          Effect.map(sql`SELECT COUNT(*) AS count FROM ${sql(name)}`, ([row]) => [name, at(row, "count")]))
        return Object.fromEntries(counts)
      })
      const before = yield* count
      const asked = [
        "integrations/status",
        "channel-routes",
        "deliveries",
        "agents",
        "integrations/linear",
        "webhooks/failures"
      ]
      const answers = yield* Effect.forEach(
        Array.from({ length: 3000 }, (_, index) =>
          index),
        (index) => as(`made-up-${index}`)("GET", `/api/${asked[index % asked.length]}`),
        { concurrency: 20 }
      )
      assert.isTrue(answers.every(({ status }) => status === 200 || status === 400))
      assert.deepStrictEqual(yield* count, before)
    }), 60_000)
})
