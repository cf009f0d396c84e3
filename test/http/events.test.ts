import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, FastCheck } from "effect"
import { at, notValid } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"

const events = "/api/events"
const event = { type: "deploy.finished", title: "Deploy finished" }
const url = "expected an http or https URL of at most 2048 characters or null"
const name = "expected 1 to 256 characters without control characters"

/** An organisation with a route for everything to each of some channels. */
const orgWith = (...channelIds: ReadonlyArray<string>) =>
  Effect.tap(
    newOrg,
    (org) =>
      Effect.forEach(channelIds, (channelId) =>
        as(org)("POST", "/api/channel-routes", { body: { eventType: "*", channel: "slack", channelId } }))
  )

const emit = (org: string, body: unknown) => as(org)("POST", events, { body })

const stored = (org: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM events WHERE org_id = ${org} ORDER BY id`)

/** The test's clock moved on by so long would run the service's timers thousands of times. */
const receivedEarlier = (org: string, ago: Duration.DurationInput) =>
  Effect.gen(function*() {
    const at = DateTime.formatIso(DateTime.subtractDuration(yield* DateTime.now, ago))
    const sql = yield* SqlClient.SqlClient
    yield* sql`UPDATE events SET received_at = ${at} WHERE org_id = ${org}`
  })

const deliveryCount = (org: string) =>
  Effect.map(as(org)("GET", "/api/deliveries?limit=100"), ({ json }) => Number(at(json, "deliveries", "length")))

layer(Faked())("posted events", (it) => {
  it.effect("are stored and queued for each destination before the 202", () =>
    Effect.gen(function*() {
      const org = yield* orgWith("C1", "C2", "C1")
      const answer = yield* emit(org, event)
      const id = at(answer.json, "id")
      assert.match(String(id), /^evt-[0-9a-f-]{36}$/)
      assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 202, body: { id, deliveries: 2 } })
      const { json } = yield* as(org)("GET", `/api/deliveries?eventId=${id}`)
      assert.deepStrictEqual([0, 1].map((n) => at(json, "deliveries", n, "channelId")).toSorted(), ["C1", "C2"])
      assert.strictEqual(at(json, "deliveries", 0, "eventType"), "deploy.finished")
    }))

  it.effect("say everything that a message needs", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const body = {
        ...event,
        projectId: "proj-001",
        severity: "critical",
        url: "https://ci.acme.com/deploys/4711?a=1#b",
        body: "api-gateway v2.14.0 is live\n— 🔥",
        dedupKey: "deploy-4711",
        groupKey: "api-gateway"
      }
      const { json } = yield* emit(org, body)
      const [row = {}] = yield* stored(org)
      assert.deepStrictEqual({ ...row, body: JSON.parse(String(row["body"])), emptied: 0, trace: null }, {
        orgId: org,
        id: at(json, "id"),
        source: "api",
        type: "deploy.finished",
        dedupKey: "api:deploy-4711",
        projectId: "proj-001",
        agentId: null,
        title: "Deploy finished",
        text: "api-gateway v2.14.0 is live\n— 🔥",
        url: "https://ci.acme.com/deploys/4711?a=1#b",
        severity: "critical",
        state: "open",
        groupKey: "api:api-gateway",
        body,
        dataPath: "",
        emptied: 0,
        occurredAt: row["receivedAt"],
        receivedAt: row["receivedAt"],
        trace: null
      })
    }))

  it.effect("need a type and a title, and take null for whatever else", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const nothing = { projectId: null, severity: null, url: null, body: null, dedupKey: null, groupKey: null }
      for (const body of [event, { ...event, ...nothing }, { ...event, body: "" }]) {
        assert.strictEqual((yield* emit(org, body)).status, 202)
      }
      const rows = yield* stored(org)
      assert.lengthOf(rows, 3)
      for (const { groupKey, projectId, severity, text, url } of rows) {
        assert.deepStrictEqual([projectId, severity, text, url, groupKey], [null, "warning", null, null, null])
      }
    }))

  it.effect("tell by the last part of their type how it stands", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const types = ["resolved", "a.resolved", "a.b.acknowledged", "a.resolved.b", "a_resolved", "a.Resolved", "."]
      yield* Effect.forEach(types, (type) => emit(org, { ...event, type }))
      assert.deepStrictEqual(
        (yield* stored(org)).map(({ state }) => state),
        ["resolved", "resolved", "acknowledged", "open", "open", "open", "open"]
      )
    }))

  it.effect("are refused with the reason when a field is wrong, and nothing is stored", () =>
    Effect.gen(function*() {
      const org = yield* orgWith("C1")
      const type = "type: expected 1 to 128 characters of A-Z a-z 0-9 _ . -"
      const wrong: ReadonlyArray<readonly [object, string]> = [
        ...["", "deploy.*", "a b", "ä", "a".repeat(129), "a\n"].map((text) => [{ type: text }, type] as const),
        ...["", "a".repeat(257), "a\u0000", "two\nlines", "\ud83d"].map((title) =>
          [{ title }, `title: ${name}`] as const
        ),
        ...[
          "",
          "ci.acme.com",
          "ftp://a.b",
          "javascript:alert(1)",
          "https://",
          "http://a b",
          "https://a.b/\n",
          " https://a.b",
          `https://a.b/${"c".repeat(2048)}`,
          "https://a.b/\ud83d"
        ].map((text) => [{ url: text }, `url: ${url}`] as const),
        [{ projectId: "" }, `projectId: ${name} or null`],
        [{ severity: "fatal" }, "severity: expected \"info\" or \"warning\" or \"error\" or \"critical\" or null"],
        [{ body: "a".repeat(65_537) }, "body: expected at most 65536 characters or null"],
        [{ dedupKey: "" }, `dedupKey: ${name} or null`],
        [{ groupKey: "a".repeat(257) }, `groupKey: ${name} or null`]
      ]
      for (const [changes, details] of wrong) {
        const { json, status } = yield* emit(org, { ...event, ...changes })
        assert.deepStrictEqual({ status, json }, { status: 400, json: notValid(details) }, JSON.stringify(changes))
      }
      for (
        const body of [{ ...event, tilte: "x" }, { title: "x" }, { type: "x" }, [], null, "x", 5, { ...event, body: 5 }]
      ) {
        assert.strictEqual((yield* emit(org, JSON.stringify(body))).status, 400, JSON.stringify(body))
      }
      assert.deepStrictEqual(yield* stored(org), [])
      assert.strictEqual(yield* deliveryCount(org), 0)
    }))

  it.effect("take the longest of everything", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      const answer = yield* emit(org, {
        type: "a".repeat(128),
        title: "🔥".repeat(256),
        url: `https://a.b/${"c".repeat(2036)}`,
        body: "a".repeat(65_536),
        dedupKey: "d".repeat(256),
        groupKey: "g".repeat(256)
      })
      assert.strictEqual(answer.status, 202)
    }))

  it.effect("keep no character that storage refuses, and lose no other", () =>
    Effect.gen(function*() {
      const org = yield* newOrg
      yield* emit(org, "{\"type\":\"a\",\"title\":\"t\",\"body\":\"\\u0000a\\ud83d b\\ud83d\\udd25\\u0001\\udd25\"}")
      const [row = {}] = yield* stored(org)
      assert.strictEqual(row["text"], "\uFFFDa\uFFFD b🔥\u0001\uFFFD")
      assert.notMatch(String(row["body"]), /\0|\p{Cs}/u)
    }))

  it.effect("with a dedup key of the last 24 hours get the same answer and nothing new", () =>
    Effect.gen(function*() {
      const org = yield* orgWith("C1", "C2")
      const keyed = { ...event, dedupKey: "deploy-4711" }
      const first = yield* emit(org, keyed)
      yield* as(org)("POST", "/api/channel-routes", { body: { eventType: "*", channel: "slack", channelId: "C3" } })
      yield* receivedEarlier(org, Duration.subtract("24 hours", "1 millis"))
      const again = yield* emit(org, { ...keyed, type: "other", title: "Other", severity: "critical" })
      assert.deepStrictEqual({ status: again.status, body: again.json }, { status: 202, body: first.json })
      assert.lengthOf(yield* stored(org), 1)
      assert.strictEqual(yield* deliveryCount(org), 2)
      yield* receivedEarlier(org, "24 hours")
      const later = yield* emit(org, keyed)
      assert.strictEqual(at(later.json, "deliveries"), 3)
      assert.notStrictEqual(at(later.json, "id"), at(first.json, "id"))
      assert.deepStrictEqual((yield* emit(org, keyed)).json, later.json)
      assert.lengthOf(yield* stored(org), 2)
    }))

  it.effect("of one dedup key are one event, fifty at once too, for each organisation", () =>
    Effect.gen(function*() {
      const orgs = [yield* orgWith("C1", "C2"), yield* orgWith("C1", "C2")]
      const answers = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => orgs[index % 2] ?? ""),
        (org) => emit(org, { ...event, dedupKey: "one" }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
      assert.strictEqual(new Set(answers.map(({ text }) => text)).size, 2)
      for (const org of orgs) {
        assert.lengthOf(yield* stored(org), 1)
        assert.strictEqual(yield* deliveryCount(org), 2)
      }
    }))

  it.effect("without a dedup key are each an event", () =>
    Effect.gen(function*() {
      const org = yield* orgWith("C1")
      const answers = yield* Effect.replicateEffect(emit(org, event), 5)
      assert.strictEqual(new Set(answers.map(({ json }) => at(json, "id"))).size, 5)
      assert.strictEqual(yield* deliveryCount(org), 5)
    }))

  const key = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", ":", "api"), minLength: 1, maxLength: 3 })
  it.effect.prop(
    "have keys that meet only when they are the same",
    [FastCheck.array(key, { maxLength: 6 })],
    ([keys]) =>
      Effect.gen(function*() {
        const org = yield* newOrg
        yield* Effect.forEach(keys, (dedupKey) => emit(org, { ...event, dedupKey, groupKey: dedupKey }))
        const rows = yield* stored(org)
        assert.deepStrictEqual(rows.map(({ dedupKey }) => dedupKey), [...new Set(keys)].map((one) => `api:${one}`))
        assert.deepStrictEqual(rows.map(({ groupKey }) => groupKey), rows.map(({ dedupKey }) => dedupKey))
      }),
    { fastCheck: { numRuns: 20 } }
  )
})
