import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, FastCheck } from "effect"
import { at, failure, notValid } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"

const path = "/api/deliveries"
const notFound = { status: 404, body: failure(404, "DELIVERY_NOT_FOUND", "Delivery not found") }
const unknownId = "dlv-019d1132-6cb9-7f31-8c55-0d4b8f6e7a21"

const listOf = (json: unknown, name: string): ReadonlyArray<unknown> => {
  const list = at(json, name)
  return Array.isArray(list) ? list : []
}

const idsOf = (json: unknown) => listOf(json, "deliveries").map((one) => String(at(one, "id")))

const addRoute = (org: string, channelId: string, channel = "slack") =>
  as(org)("POST", "/api/channel-routes", { body: { eventType: "*", channel, channelId } })

const emit = (org: string) =>
  Effect.map(
    as(org)("POST", "/api/events", { body: { type: "deploy.finished", title: "Deploy finished" } }),
    ({ json }) => String(at(json, "id"))
  )

/** An organisation with routes to two channels, and events to both; the ids of their deliveries, newest first. */
const orgWith = (events: number) =>
  Effect.gen(function*() {
    const org = yield* newOrg
    yield* addRoute(org, "C1")
    yield* addRoute(org, "C2", "discord")
    for (let count = 0; count < events; count++) yield* emit(org)
    return { org, ask: as(org), ids: idsOf((yield* as(org)("GET", `${path}?limit=100`)).json) }
  })

const set = (id: string | undefined, columns: Readonly<Record<string, string | number | null>>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE deliveries SET ${sql.update(columns)} WHERE id = ${id ?? ""}`)

layer(Faked())("the list of deliveries", (it) => {
  it.effect("shows where each stands, newest first", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      yield* addRoute(org, "C1")
      const [first, second] = [yield* emit(org), yield* emit(org)]
      const { json, status } = yield* as(org)("GET", path)
      const [newer, older] = idsOf(json)
      yield* set(older, {
        status: "pending",
        attempt_count: 3,
        next_attempt_at: "2026-03-21T14:00:01.500Z",
        last_error: "Slack answered 503"
      })
      const waiting = {
        id: newer,
        eventId: second,
        eventType: "deploy.finished",
        routeId: "route-001",
        channel: "slack",
        channelId: "C1",
        status: "pending",
        attemptCount: 0,
        nextAttemptAt: null,
        lastError: null,
        createdAt: "1970-01-01T00:00:00Z",
        deliveredAt: null
      }
      assert.strictEqual(status, 200)
      assert.deepStrictEqual((yield* as(org)("GET", path)).json, {
        deliveries: [waiting, {
          ...waiting,
          id: older,
          eventId: first,
          attemptCount: 3,
          nextAttemptAt: "2026-03-21T14:00:01Z",
          lastError: "Slack answered 503"
        }],
        next: null
      })
      yield* set(newer, {
        route_number: null,
        channel: "agent",
        channel_id: "agent-incident-abc123",
        status: "delivered",
        delivered_at: "2026-03-21T14:00:02.000Z"
      })
      assert.deepStrictEqual(at((yield* as(org)("GET", path)).json, "deliveries", 0), {
        ...waiting,
        routeId: null,
        channel: "agent",
        channelId: "agent-incident-abc123",
        status: "delivered",
        deliveredAt: "2026-03-21T14:00:02Z"
      })
    }))

  it.effect("is one of the organisation alone", () =>
    Effect.gen(function*() {
      const [mine, theirs] = [yield* orgWith(2), yield* orgWith(3)]
      assert.lengthOf(mine.ids, 4)
      assert.lengthOf(theirs.ids, 6)
      assert.deepStrictEqual(mine.ids.filter((id) => theirs.ids.includes(id)), [])
      // A cursor of another organisation opens nothing of it.
      assert.deepStrictEqual(idsOf((yield* mine.ask("GET", `${path}?after=${theirs.ids[0]}`)).json), mine.ids)
      assert.deepStrictEqual((yield* as(yield* newOrg)("GET", path)).json, { deliveries: [], next: null })
    }))

  it.effect("can be narrowed by status, route and event", () =>
    Effect.gen(function*() {
      const { ask, ids, org } = yield* orgWith(3)
      const statuses = ["failed", "dead", "delivered", "delivering", "failed", "pending"]
      yield* Effect.forEach(ids, (id, index) => set(id, { status: statuses[index] ?? "" }))
      const list = (search: string) => Effect.map(ask("GET", `${path}?${search}`), ({ json }) => idsOf(json))
      for (const status of new Set(statuses)) {
        assert.deepStrictEqual(yield* list(`status=${status}`), ids.filter((_, index) => statuses[index] === status))
      }
      const unsuccessful = ids.filter((_, index) => ["failed", "dead"].includes(statuses[index] ?? ""))
      assert.deepStrictEqual(yield* list("status=dead,failed"), unsuccessful)
      assert.deepStrictEqual(yield* list("status=dead,failed,dead"), unsuccessful)
      const all = yield* ask("GET", path)
      const routeOne = listOf(all.json, "deliveries").filter((one) => at(one, "channelId") === "C1")
      assert.deepStrictEqual(yield* list("routeId=route-001"), routeOne.map((one) => String(at(one, "id"))))
      assert.lengthOf(yield* list("routeId=route-001"), 3)
      assert.deepStrictEqual(yield* list("routeId=route-003"), [])
      const eventId = at(all.json, "deliveries", 0, "eventId")
      assert.deepStrictEqual(yield* list(`eventId=${eventId}`), ids.slice(0, 2))
      assert.lengthOf(yield* list(`eventId=${eventId}&routeId=route-002`), 1)
      assert.deepStrictEqual(yield* list("eventId=evt-none"), [])
      const event = yield* emit(org)
      assert.lengthOf(yield* list(`eventId=${event}&status=pending&routeId=route-001&unknown=1`), 1)
    }))

  it.effect("says what is wrong with a query", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const status = "status: expected a comma-separated subset of pending, delivering, delivered, failed, dead"
      const route = "routeId: expected a route's id, as route-001"
      const cursor = "after: expected what a list gave as next"
      const wrong: ReadonlyArray<readonly [string, string]> = [
        ["status=", status],
        ["status=sent", status],
        ["status=failed,", status],
        ["status=failed,%20dead", status],
        ["routeId=1", route],
        ["routeId=route-1", route],
        ["routeId=", route],
        ["after=", cursor],
        ["after=dlv-1", cursor],
        ["after=%00", cursor],
        ["limit=0", "limit: expected an integer from 1 to 100"],
        ["limit=101", "limit: expected an integer from 1 to 100"],
        ["eventId=%00", "eventId: expected 1 to 256 characters without control characters"],
        ["limit=x&status=x", `${status}; limit: expected an integer from 1 to 100`]
      ]
      for (const [search, details] of wrong) {
        const answer = yield* ask("GET", `${path}?${search}`)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 400, body: notValid(details) })
      }
    }))

  it.effect.prop(
    "comes in pages of any size that together are all of it, once each, whatever is new",
    [FastCheck.integer({ min: 0, max: 6 }), FastCheck.array(FastCheck.integer({ min: 1, max: 5 }), { minLength: 1 })],
    ([events, limits]) =>
      Effect.gen(function*() {
        const { ask, ids, org } = yield* orgWith(events)
        const seen: Array<string> = []
        let after = ""
        for (let page = 0; page === 0 || after !== ""; page++) {
          const { json } = yield* ask("GET", `${path}?limit=${limits[page % limits.length]}${after}`)
          seen.push(...idsOf(json))
          const next = at(json, "next")
          assert.isTrue(next === null || next === seen.at(-1))
          after = next === null ? "" : `&after=${next}`
          yield* emit(org)
        }
        assert.deepStrictEqual(seen, ids)
      }),
    { fastCheck: { numRuns: 20 } }
  )
})

layer(Faked())("a delivery", (it) => {
  it.effect("is shown with its attempts, oldest first", () =>
    Effect.gen(function*() {
      const { ask, ids, org } = yield* orgWith(1)
      const [id = "", other = ""] = ids
      const sql = yield* SqlClient.SqlClient
      const attempt = (deliveryId: string, number: number, outcome: string, error: string | null) =>
        sql`INSERT INTO delivery_attempts ${
          sql.insert({
            org_id: org,
            delivery_id: deliveryId,
            number,
            at: DateTime.formatIso(DateTime.unsafeMake(number * 1500)),
            outcome,
            error,
            latency_ms: number
          })
        }`
      yield* attempt(id, 2, "delivered", null)
      yield* attempt(id, 1, "failed", "Slack answered 503")
      yield* attempt(other, 1, "refused", "channel_not_found")
      const { json, status } = yield* ask("GET", `${path}/${id}`)
      assert.deepStrictEqual({ status, json }, {
        status: 200,
        json: {
          ...Object(at((yield* ask("GET", path)).json, "deliveries", 0)),
          attempts: [
            { at: "1970-01-01T00:00:01Z", outcome: "failed", error: "Slack answered 503", latencyMs: 1 },
            { at: "1970-01-01T00:00:03Z", outcome: "delivered", error: null, latencyMs: 2 }
          ]
        }
      })
    }))

  it.effect("is found by its own organisation alone, and by no other spelling", () =>
    Effect.gen(function*() {
      const { ids: [id = ""] } = yield* orgWith(1)
      const { ask, ids: [own = ""] } = yield* orgWith(1)
      for (
        const one of [id, unknownId, own.toUpperCase(), `${own}%20`, "%00", "%25", "retry", "a".repeat(99)]
      ) {
        for (const [method, suffix] of [["GET", ""], ["POST", "/retry"]] as const) {
          const answer = yield* ask(method, `${path}/${one}${suffix}`)
          assert.deepStrictEqual({ status: answer.status, body: answer.json }, notFound, `${method} ${one}`)
        }
      }
    }))
})
