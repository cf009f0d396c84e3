import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at, notValid } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"

const path = "/api/deliveries"
const late = "2026-03-21T14:00:00.000Z"

/** An organisation with one delivery of each status to each of two channels; statuses come from the database. */
const orgWithAll = Effect.gen(function*() {
  const org = yield* newOrg
  const ask = as(org)
  const sql = yield* SqlClient.SqlClient
  for (const [channel, channelId] of [["slack", "C1"], ["discord", "C2"]]) {
    yield* ask("POST", "/api/channel-routes", { body: { eventType: "*", channel, channelId } })
  }
  const events: Array<string> = []
  for (const status of ["pending", "delivering", "delivered", "failed", "dead"]) {
    const { json } = yield* ask("POST", "/api/events", { body: { type: "deploy.finished", title: status } })
    const eventId = String(at(json, "id"))
    events.push(eventId)
    yield* sql`UPDATE deliveries SET status = ${status}, attempt_count = 4, last_error = 'Slack answered 503',
      next_attempt_at = ${late}, retry_until = ${late}, held_until = ${late}, folded_into = 'dlv-other',
      delivered_at = ${late} WHERE event_id = ${eventId}`
  }
  yield* sql`UPDATE destinations SET due_at = NULL WHERE org_id = ${org}`
  /** The titles of those that were put back, by channel. */
  const afresh = Effect.map(
    sql`SELECT e.title, d.channel FROM deliveries d JOIN events e ON e.org_id = d.org_id AND e.id = d.event_id
        WHERE d.org_id = ${org} AND d.status = 'pending' AND d.folded_into IS NULL AND d.retry_until IS NULL
          AND d.next_attempt_at IS NULL AND d.held_until IS NULL AND d.delivered_at IS NULL AND d.attempt_count = 4
        ORDER BY d.id`,
    (rows) => rows.map(({ channel, title }) => `${channel} ${title}`).toSorted()
  )
  const due = Effect.map(
    sql`SELECT channel FROM destinations WHERE org_id = ${org} AND due_at IS NOT NULL ORDER BY channel`,
    (rows) => rows.map(({ channel }) => channel)
  )
  const ids = (eventId: string | undefined) =>
    Effect.map(ask("GET", `${path}?eventId=${eventId}`), ({ json }) => String(at(json, "deliveries", 0, "id")))
  return { org, ask, events, afresh, due, ids }
})

layer(Faked())("a retry", (it) => {
  it.effect("answers with the delivery, pending again, whatever became of it", () =>
    Effect.gen(function*() {
      const { ask, due, events, ids } = yield* orgWithAll
      for (const event of [0, 2, 3, 4]) {
        const id = yield* ids(events[event])
        const before = (yield* ask("GET", `${path}/${id}`)).json
        const { attempts: _, ...shown } = Object(before)
        const answer = yield* ask("POST", `${path}/${id}/retry`)
        const expected = { ...shown, status: "pending", nextAttemptAt: null, deliveredAt: null }
        assert.deepStrictEqual({ status: answer.status, json: answer.json }, { status: 200, json: expected })
        assert.deepStrictEqual((yield* ask("GET", `${path}/${id}`)).json, { ...expected, attempts: [] })
      }
      assert.lengthOf(yield* due, 1)
    }))

  it.effect("leaves what is being sent as it is", () =>
    Effect.gen(function*() {
      const { afresh, ask, due, events, ids } = yield* orgWithAll
      const id = yield* ids(events[1])
      const { attempts: _, ...shown } = Object((yield* ask("GET", `${path}/${id}`)).json)
      const answer = yield* ask("POST", `${path}/${id}/retry`)
      assert.deepStrictEqual({ status: answer.status, json: answer.json }, { status: 200, json: shown })
      assert.strictEqual(shown.status, "delivering")
      assert.deepStrictEqual([...(yield* afresh), ...(yield* due)], [])
    }))

  it.effect("needs no body and minds none", () =>
    Effect.gen(function*() {
      const { ask, events, ids } = yield* orgWithAll
      const id = yield* ids(events[3])
      for (const body of [undefined, "", "{}", "not JSON"]) {
        assert.strictEqual((yield* ask("POST", `${path}/${id}/retry`, { body })).status, 200)
      }
    }))

  it.effect("fifty at once are one delivery that waits once", () =>
    Effect.gen(function*() {
      const { afresh, ask, events, ids } = yield* orgWithAll
      const id = yield* ids(events[4])
      const answers = yield* Effect.all(Array.from({ length: 50 }, () => ask("POST", `${path}/${id}/retry`)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1)
      assert.lengthOf(yield* afresh, 1)
    }))
})

layer(Faked())("a retry of many", (it) => {
  const cases: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
    [{}, ["discord dead", "discord failed", "slack dead", "slack failed"]],
    [{ status: null, routeId: null, eventId: null, channel: null }, [
      "discord dead",
      "discord failed",
      "slack dead",
      "slack failed"
    ]],
    [{ status: "failed" }, ["discord failed", "slack failed"]],
    [{ status: ["dead"] }, ["discord dead", "slack dead"]],
    [{ status: ["pending", "dead", "dead"], channel: "slack" }, ["slack dead", "slack pending"]],
    [{ channel: "discord" }, ["discord dead", "discord failed"]],
    [{ channel: "telegram" }, []],
    [{ channel: "agent" }, []],
    [{ routeId: "route-001" }, ["slack dead", "slack failed"]],
    [{ routeId: "route-001", channel: "discord" }, []],
    [{ routeId: "route-999" }, []],
    [{ eventId: "evt-none" }, []]
  ]
  for (const [body, expected] of cases) {
    it.effect(`takes what fits ${JSON.stringify(body)}`, () =>
      Effect.gen(function*() {
        const other = yield* orgWithAll
        const { afresh, ask, due } = yield* orgWithAll
        const answer = yield* ask("POST", `${path}/retry`, { body })
        assert.deepStrictEqual(
          { status: answer.status, json: answer.json },
          { status: 200, json: { retried: expected.length } }
        )
        assert.deepStrictEqual(yield* afresh, expected)
        assert.deepStrictEqual(yield* due, [...new Set(expected.map((one) => one.split(" ")[0]))])
        assert.deepStrictEqual([...(yield* other.afresh), ...(yield* other.due)], [])
      }))
  }

  it.effect("takes those of one event", () =>
    Effect.gen(function*() {
      const { afresh, ask, events } = yield* orgWithAll
      for (const event of [1, 2]) {
        const { json } = yield* ask("POST", `${path}/retry`, { body: { eventId: events[event] } })
        assert.deepStrictEqual(json, { retried: 0 })
      }
      const { json } = yield* ask("POST", `${path}/retry`, { body: { eventId: events[3] } })
      assert.deepStrictEqual(json, { retried: 2 })
      assert.deepStrictEqual(yield* afresh, ["discord failed", "slack failed"])
    }))

  it.effect("minds no status that is named a thousand times", () =>
    Effect.gen(function*() {
      const { ask } = yield* orgWithAll
      const answer = yield* ask("POST", `${path}/retry`, {
        body: { status: Array.from({ length: 1000 }, () => "dead") }
      })
      assert.deepStrictEqual({ status: answer.status, json: answer.json }, { status: 200, json: { retried: 2 } })
    }))

  it.effect("finds nothing where there is nothing", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* as(yield* newOrg)("POST", `${path}/retry`, { body: {} })).json, { retried: 0 })
    }))

  it.effect("is refused with the reason when a field is wrong, and changes nothing", () =>
    Effect.gen(function*() {
      const { afresh, ask } = yield* orgWithAll
      const status = "status: expected failed, dead or pending, or a list of these or null"
      const wrong: ReadonlyArray<readonly [object, string]> = [
        [{ status: "delivered" }, status],
        [{ status: ["failed", "delivering"] }, status],
        [{ status: [] }, status],
        [{ status: "failed,dead" }, status],
        [{ routeId: "1" }, "routeId: expected a route's id, as route-001 or null"],
        [{ eventId: "" }, "eventId: expected 1 to 256 characters without control characters or null"]
      ]
      for (const [body, details] of wrong) {
        const answer = yield* ask("POST", `${path}/retry`, { body })
        assert.deepStrictEqual({ status: answer.status, json: answer.json }, { status: 400, json: notValid(details) })
      }
      for (const body of [{ channel: "pager" }, { state: "failed" }, [], null, "x"]) {
        assert.strictEqual((yield* ask("POST", `${path}/retry`, { body: JSON.stringify(body) })).status, 400)
      }
      assert.strictEqual((yield* ask("POST", `${path}/retry`)).status, 400)
      assert.deepStrictEqual(yield* afresh, [])
    }))
})
