import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { FakePagerDuty } from "../../src/integrations/pagerduty/FakePagerDuty.ts"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { passing } from "../fakes/turns.ts"
import { type Answer, at, failure, notValid } from "./ask.ts"
import { as, configure, configuredOrg, credentials, Faked, newOrg } from "./service.ts"

const acknowledge = (id: string) => `/api/integrations/pagerduty/incidents/${id}/acknowledge`
const route = { eventType: "*", channel: "slack", channelId: "C0" }
const conflict = failure(
  409,
  "IDEMPOTENCY_CONFLICT",
  "This Idempotency-Key was already used with another request body"
)

/** PagerDuty that fails as often as it is told, and counts what it was asked to acknowledge. */
const failures = Ref.unsafeMake(0)
const acknowledged = Ref.unsafeMake(0)
const Counting = Layer.effect(
  PagerDuty,
  Effect.map(PagerDuty, (vendor) => ({
    ...vendor,
    acknowledge: (...args: Parameters<typeof vendor.acknowledge>) =>
      Effect.gen(function*() {
        yield* Ref.update(acknowledged, (count) => count + 1)
        const left = yield* Ref.getAndUpdate(failures, (count) => Math.max(0, count - 1))
        if (left > 0) {
          return yield* new UpstreamFailed({
            vendor: "PagerDuty",
            reason: "unavailable",
            details: "PagerDuty answered 503"
          })
        }
        return yield* vendor.acknowledge(...args)
      })
  }))
).pipe(Layer.provide(FakePagerDuty()))

const post = (orgId: string, path: string, key: string, body?: unknown) =>
  as(orgId)("POST", path, { headers: { "idempotency-key": key }, ...(body !== undefined && { body }) })

const shown = ({ json, status }: Answer) => ({ status, json })
const replayed = ({ headers }: Answer) => headers["idempotency-replayed"]

const count = (table: string, orgId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      Effect.map(sql`SELECT COUNT(*) AS count FROM ${sql(table)} WHERE org_id = ${orgId}`, ([row]) => at(row, "count"))
  )

/** A configured organisation with a route, and a delivery that has failed. */
const prepared = Effect.gen(function*() {
  const orgId = yield* configuredOrg
  yield* as(orgId)("POST", "/api/channel-routes", { body: route })
  yield* as(orgId)("POST", "/api/events", { body: { type: "deploy.failed", title: "Deploy failed" } })
  const sql = yield* SqlClient.SqlClient
  yield* sql`UPDATE deliveries SET status = 'dead' WHERE org_id = ${orgId}`
  const { json } = yield* as(orgId)("GET", "/api/deliveries")
  return { orgId, delivery: String(at(json, "deliveries", 0, "id")) }
})

layer(Faked({ pagerduty: Counting }))("an Idempotency-Key", (it) => {
  it.effect("makes each POST that creates or sends answer a repeat with its first answer", () =>
    Effect.gen(function*() {
      const { delivery, orgId } = yield* prepared
      const asked: ReadonlyArray<readonly [string, number, unknown?]> = [
        ["/api/channel-routes", 201, { ...route, channelId: "C1" }],
        ["/api/channel-routes/route-001/test", 200],
        ["/api/events", 202, { type: "deploy.finished", title: "Deploy finished" }],
        [`/api/deliveries/${delivery}/retry`, 200],
        ["/api/deliveries/retry", 200, {}],
        ["/api/integrations/linear/issues", 201, { title: "Once", teamId: "team-eng" }],
        [acknowledge("P1INC001"), 200, {}],
        ["/api/integrations/configure", 200, credentials.linear]
      ]
      const sql = yield* SqlClient.SqlClient
      const rows = Effect.all([count("channel_routes", orgId), count("events", orgId), count("deliveries", orgId)])
      for (const [path, status, body] of asked) {
        const first = yield* post(orgId, path, "key-1", body)
        assert.strictEqual(first.status, status, `${path} ${first.text}`)
        assert.isUndefined(replayed(first))
        const before = yield* rows
        // What has changed since is no part of the answer.
        yield* sql`UPDATE deliveries SET status = 'dead', attempt_count = 9 WHERE org_id = ${orgId}`
        const again = yield* post(orgId, path, "key-1", body)
        assert.deepStrictEqual(shown(again), shown(first), path)
        assert.strictEqual(replayed(again), "true")
        assert.match(again.headers["content-type"] ?? "", /^application\/json/)
        assert.deepStrictEqual(yield* rows, before, path)
      }
      const dead = yield* sql`SELECT id FROM deliveries WHERE org_id = ${orgId} AND status <> 'dead'`
      assert.lengthOf(dead, 0)
    }))

  it.effect("has one effect where fifty ask at the same time", () =>
    Effect.gen(function*() {
      const { orgId } = yield* prepared
      yield* Ref.set(acknowledged, 0)
      const asked: ReadonlyArray<readonly [string, unknown?]> = [
        ["/api/channel-routes", { ...route, channelId: "C1" }],
        ["/api/channel-routes/route-001/test"],
        ["/api/events", { type: "deploy.finished", title: "Deploy finished" }],
        ["/api/integrations/linear/issues", { title: "Once", teamId: "team-eng" }],
        [acknowledge("P1INC001"), {}]
      ]
      for (const [path, body] of asked) {
        // On a server one may find another at work before that one says so in this process: then it looks again later.
        const answers = yield* passing(
          Effect.all(Array.from({ length: 50 }, () => post(orgId, path, "key-50", body)), { concurrency: "unbounded" })
        )
        assert.lengthOf(new Set(answers.map(({ status, text }) => `${status} ${text}`)), 1, path)
        assert.lengthOf(answers.filter((answer) => replayed(answer) === undefined), 1, path)
      }
      assert.strictEqual(yield* count("channel_routes", orgId), 2)
      // That of the preparation, the test, the event, and the acknowledgement's own unless another test had it.
      assert.isAtMost(Number(yield* count("events", orgId)), 4)
      assert.strictEqual(yield* Ref.get(acknowledged), 1)
    }), 60_000)

  it.effect("of another body or query is a conflict; of another organisation, path or spelling another key", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* newOrg, yield* newOrg]
      const first = yield* post(one, "/api/channel-routes", "key-1", route)
      assert.deepStrictEqual(
        shown(yield* post(one, "/api/channel-routes", "key-1", { ...route, channelId: "C1" })),
        { status: 409, json: conflict }
      )
      // The same body otherwise written is the same.
      const spelt = `{ "channelId" : "C0",\n"channel":"sla\\u0063k", "projectId": null, "eventType": "*" }`
      assert.deepStrictEqual(shown(yield* post(one, "/api/channel-routes", "key-1", spelt)), shown(first))
      assert.strictEqual(at((yield* post(one, "/api/channel-routes", "KEY-1", route)).json, "id"), "route-002")
      assert.strictEqual(at((yield* post(other, "/api/channel-routes", "key-1", route)).json, "id"), "route-001")
      for (const id of ["route-001", "route-002"]) {
        const tested = yield* post(one, `/api/channel-routes/${id}/test`, "key-1")
        assert.deepStrictEqual([tested.status, at(tested.json, "routeId")], [200, id])
      }
      assert.strictEqual((yield* post(one, "/api/integrations/configure", "key-1", credentials.linear)).status, 200)
      const verified = yield* post(one, "/api/integrations/configure?verify=true", "key-1", credentials.linear)
      assert.strictEqual(verified.status, 409)
      assert.strictEqual((yield* post(one, "/api/integrations/configure", "key-1", credentials.sentry)).status, 409)
    }))

  it.effect("that is malformed is refused", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const details = "idempotency-key: expected 1 to 255 printable ASCII characters"
      for (const key of ["", "k".repeat(256), "Schl\u00fcssel", "a\tb"]) {
        for (const path of ["/api/channel-routes", "/api/channel-routes/route-001/test"]) {
          const { json, status } = yield* post(orgId, path, key, path.endsWith("test") ? undefined : route)
          assert.deepStrictEqual({ json, status }, { json: notValid(details), status: 400 }, `${path} ${key}`)
        }
      }
      assert.strictEqual((yield* post(orgId, "/api/channel-routes", "k".repeat(255), route)).status, 201)
      assert.strictEqual(
        (yield* as(orgId)("GET", "/api/channel-routes", { headers: { "idempotency-key": "" } })).status,
        200
      )
    }))

  it.effect("is not taken by what is refused before anything is done", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      assert.strictEqual((yield* post(orgId, "/api/channel-routes", "key-1", { ...route, channel: "fax" })).status, 400)
      assert.strictEqual((yield* post(orgId, "/api/channel-routes", "key-1", route)).status, 201)
      assert.strictEqual((yield* post(orgId, acknowledge("P1INC001"), "key-1", {})).status, 400)
      yield* configure(orgId, credentials.pagerduty)
      assert.strictEqual((yield* post(orgId, acknowledge("P1INC001"), "key-1", {})).status, 200)
    }))

  it.effect("keeps the refusal of what is not there, and lets what failed be tried again", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const test = "/api/channel-routes/route-001/test"
      const missing = yield* post(orgId, test, "key-1")
      assert.deepStrictEqual(shown(missing), {
        status: 404,
        json: failure(404, "ROUTE_NOT_FOUND", "Channel route not found")
      })
      yield* as(orgId)("POST", "/api/channel-routes", { body: route })
      assert.deepStrictEqual(shown(yield* post(orgId, test, "key-1")), shown(missing))
      assert.strictEqual((yield* post(orgId, test, "key-2")).status, 200)

      yield* Ref.set(failures, 2)
      for (const status of [502, 502, 200, 200]) {
        assert.strictEqual((yield* post(orgId, acknowledge("P1INC001"), "key-1", {})).status, status)
      }
      yield* Ref.set(failures, 1)
      const body = { acknowledgedBy: "agent-1" }
      assert.strictEqual((yield* post(orgId, acknowledge("P1INC001"), "key-2", body)).status, 502)
      // It may have happened: the key is this request's.
      assert.strictEqual((yield* post(orgId, acknowledge("P1INC001"), "key-2", {})).status, 409)
    }))

  it.effect("makes an event that is done again after a crash the event that it was", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const sql = yield* SqlClient.SqlClient
      const body = { type: "deploy.finished", title: "Deploy finished" }
      const first = yield* post(orgId, "/api/events", "key-1", body)
      yield* sql`UPDATE idempotent_answers SET status = NULL, body = NULL, held_until = created_at WHERE org_id = ${orgId}`
      const again = yield* post(orgId, "/api/events", "key-1", body)
      assert.isUndefined(replayed(again))
      assert.deepStrictEqual(shown(again), shown(first))
      assert.strictEqual(yield* count("events", orgId), 1)
      yield* post(orgId, "/api/events", "key-2", body)
      assert.strictEqual(yield* count("events", orgId), 2)
    }))

  it.effect("leaves no secret in the database", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const sql = yield* SqlClient.SqlClient
      const config = { apiKey: "canary-api-key", webhookSecret: "canary-secret" }
      yield* post(orgId, "/api/integrations/configure", "key-1", { integration: "linear", config })
      const rows = yield* sql`SELECT * FROM idempotent_answers WHERE org_id = ${orgId}`
      assert.lengthOf(rows, 1)
      assert.notInclude(JSON.stringify(rows), "canary")
    }))
})
