import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { at, failure, notValid } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"

const routes = "/api/channel-routes"
const route = { eventType: "*", channel: "slack", channelId: "C1" }
const notFound = { status: 404, body: failure(404, "ROUTE_NOT_FOUND", "Channel route not found") }
const event = { eventType: "deploy.finished", projectId: "proj-001" }

const listOf = (json: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const list = at(json, ...path)
  return Array.isArray(list) ? list : []
}

const preview = (org: string, body: unknown) => as(org)("POST", `${routes}/preview`, { body })
const emit = (org: string, type: string, projectId: string | null = null) =>
  as(org)("POST", "/api/events", { body: { type, title: "t", projectId } })
const deliveries = (org: string, search = "?limit=100") =>
  Effect.map(as(org)("GET", `/api/deliveries${search}`), ({ json }) => listOf(json, "deliveries"))

layer(Faked())("the preview of an event", (it) => {
  it.effect("says of each route whether it sends it, and if not why", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const create = (changes: object) => ask("POST", routes, { body: { ...route, ...changes } })
      yield* create({ eventType: "deploy.*" })
      yield* create({ channel: "discord", projectId: "proj-001" })
      yield* create({ channelId: "C3" })
      yield* ask("PATCH", `${routes}/route-003`, { body: { enabled: false } })
      yield* create({ eventType: "sentry.*" })
      yield* create({ projectId: "proj-002", channelId: "C5" })
      yield* create({ channelId: "C1" })
      const { json, status } = yield* ask("POST", `${routes}/preview`, { body: event })
      assert.deepStrictEqual({ status, json }, {
        status: 200,
        json: {
          matches: [
            { id: "route-001", eventType: "deploy.*", channel: "slack", channelId: "C1", projectId: null },
            { id: "route-002", eventType: "*", channel: "discord", channelId: "C1", projectId: "proj-001" }
          ],
          misses: [
            { id: "route-003", eventType: "*", reason: "disabled" },
            { id: "route-004", eventType: "sentry.*", reason: "event-type" },
            { id: "route-005", eventType: "*", reason: "project" },
            { id: "route-006", eventType: "*", reason: "same-destination" }
          ]
        }
      })
      const without = yield* ask("POST", `${routes}/preview`, { body: { ...event, projectId: null } })
      assert.deepStrictEqual(listOf(without.json, "matches").map((one) => at(one, "id")), ["route-001"])
      assert.strictEqual(at(without.json, "misses", 0, "reason"), "project")
    }))

  it.effect("stores and sends nothing", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      yield* as(org)("POST", routes, { body: route })
      assert.lengthOf(listOf((yield* preview(org, event)).json, "matches"), 1)
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT * FROM events WHERE org_id = ${org}`, [])
      assert.deepStrictEqual(yield* deliveries(org), [])
    }))

  it.effect("knows no other organisation's routes", () =>
    Effect.gen(function*() {
      yield* as(yield* newOrg)("POST", routes, { body: route })
      assert.deepStrictEqual((yield* preview(yield* newOrg, event)).json, { matches: [], misses: [] })
    }))

  it.effect("takes an event type, not a pattern, and nothing that it does not know", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      for (const eventType of ["deploy.*", "", "a b", "a".repeat(129)]) {
        const { json, status } = yield* preview(org, { eventType })
        assert.strictEqual(status, 400)
        assert.deepStrictEqual(json, notValid("eventType: expected 1 to 128 characters of A-Z a-z 0-9 _ . -"))
      }
      for (const body of [{}, { ...event, projectId: "" }, { ...event, project: "x" }, { eventType: 5 }, [], null]) {
        assert.strictEqual((yield* preview(org, JSON.stringify(body))).status, 400, JSON.stringify(body))
      }
    }))

  const anyRoute = FastCheck.record({
    eventType: FastCheck.constantFrom("*", "deploy.*", "deploy.started", "*.started", "sentry.*"),
    channel: FastCheck.constantFrom("slack", "discord"),
    channelId: FastCheck.constantFrom("C1", "C2"),
    projectId: FastCheck.constantFrom(null, "proj-001", "proj-002"),
    enabled: FastCheck.boolean()
  })
  const anyEvent = FastCheck.record({
    type: FastCheck.constantFrom("deploy.started", "deploy.finished", "sentry.issue.created"),
    projectId: FastCheck.constantFrom(null, "proj-001", "proj-002")
  })
  it.effect.prop(
    "names exactly the destinations that the event is then queued for",
    [FastCheck.array(anyRoute, { maxLength: 8 }), FastCheck.array(anyEvent, { minLength: 1, maxLength: 3 })],
    ([all, events]) =>
      Effect.gen(function*() {
        const org = yield* newOrg
        const ask = as(org)
        for (const { enabled, ...body } of all) {
          const { json } = yield* ask("POST", routes, { body })
          if (!enabled) yield* ask("PATCH", `${routes}/${at(json, "id")}`, { body: { enabled } })
        }
        for (const { projectId, type } of events) {
          const { json } = yield* preview(org, { eventType: type, projectId })
          assert.lengthOf([...listOf(json, "matches"), ...listOf(json, "misses")], all.length)
          const emitted = (yield* emit(org, type, projectId)).json
          const queued = yield* deliveries(org, `?limit=100&eventId=${at(emitted, "id")}`)
          assert.strictEqual(at(emitted, "deliveries"), queued.length)
          const shown = (one: unknown, id: string) => `${at(one, id)} ${at(one, "channel")} ${at(one, "channelId")}`
          assert.sameMembers(
            queued.map((one) => shown(one, "routeId")),
            listOf(json, "matches").map((one) => shown(one, "id"))
          )
        }
      }),
    { fastCheck: { numRuns: 25 } }
  )
})

layer(Faked())("a change of routes", (it) => {
  it.effect("is seen by the very next event", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const ask = as(org)
      const count = Effect.map(emit(org, "deploy.finished", "proj-001"), ({ json }) => at(json, "deliveries"))
      const seen: Array<unknown> = [yield* count]
      const steps: ReadonlyArray<readonly [string, string, object | undefined]> = [
        ["POST", routes, route],
        ["POST", routes, { ...route, channelId: "C2" }],
        ["PATCH", `${routes}/route-001`, { enabled: false }],
        ["PATCH", `${routes}/route-001`, { enabled: true }],
        ["PATCH", `${routes}/route-002`, { eventType: "sentry.*" }],
        ["PATCH", `${routes}/route-002`, { eventType: "deploy.*" }],
        ["PATCH", `${routes}/route-002`, { projectId: "proj-002" }],
        ["PATCH", `${routes}/route-002`, { projectId: null }],
        ["PATCH", `${routes}/route-002`, { channelId: "C1" }],
        ["DELETE", `${routes}/route-002`, undefined],
        ["DELETE", `${routes}/route-001`, undefined]
      ]
      for (const [method, path, body] of steps) {
        yield* ask(method, path, { body })
        seen.push(yield* count)
      }
      assert.deepStrictEqual(seen, [0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1, 0])
    }))
})

layer(Faked())("the test of a route", (it) => {
  it.effect("queues a marked message for that route's destination alone, and answers with its delivery", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const ask = as(org)
      yield* ask("POST", routes, { body: route })
      yield* ask("POST", routes, { body: { ...route, channel: "discord", channelId: "C2" } })
      const { json, status } = yield* ask("POST", `${routes}/route-002/test`)
      const [id, eventId] = [at(json, "id"), at(json, "eventId")]
      assert.deepStrictEqual({ status, json }, {
        status: 200,
        json: {
          id,
          eventId,
          eventType: "route.test",
          routeId: "route-002",
          channel: "discord",
          channelId: "C2",
          status: "pending",
          attemptCount: 0,
          nextAttemptAt: null,
          lastError: null,
          createdAt: "1970-01-01T00:00:00Z",
          deliveredAt: null
        }
      })
      assert.deepStrictEqual(yield* deliveries(org), [json])
      const sql = yield* SqlClient.SqlClient
      const events = yield* sql`SELECT id, source, title FROM events WHERE org_id = ${org}`
      assert.deepStrictEqual(events.map((row) => ({ ...row })), [
        { id: eventId, source: "test", title: "Test of route-002" }
      ])
    }))

  it.effect("works for a route that is switched off, and as often as it is asked for", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const ask = as(org)
      yield* ask("POST", routes, { body: route })
      yield* ask("PATCH", `${routes}/route-001`, { body: { enabled: false } })
      const answers = yield* Effect.all(Array.from({ length: 10 }, () => ask("POST", `${routes}/route-001/test`)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.strictEqual(new Set(answers.map(({ json }) => at(json, "id"))).size, 10)
      assert.lengthOf(yield* deliveries(org), 10)
    }))

  it.effect("is refused for a route that the organisation does not have", () =>
    Effect.gen(function*() {
      const [org, other] = [yield* newOrg, yield* newOrg]
      yield* as(other)("POST", routes, { body: route })
      for (const id of ["route-001", "route-1", "route-999999999999999", "preview", "%00", "..%2froute-001"]) {
        const answer = yield* as(org)("POST", `${routes}/${id}/test`)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, notFound, id)
      }
      assert.deepStrictEqual([...(yield* deliveries(org)), ...(yield* deliveries(other))], [])
    }))
})
