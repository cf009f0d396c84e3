import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { makePagerDuty } from "../../src/sandbox/pagerduty.ts"
import { pagerDutySeed } from "../../src/sandbox/seed.ts"
import { ask, json, read } from "./ask.ts"

const userKey = { authorization: "Token token=u+abcdef1234567890" }
const accountKey = { authorization: "Token token=account-key-sandbox" }
const ack = { incident: { type: "incident_reference", status: "acknowledged" } }

const Assignee = Schema.Struct({ type: Schema.String, name: Schema.optional(Schema.String) })
const Incident = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  assignments: Schema.Array(Schema.Struct({ assignee: Assignee })),
  acknowledgements: Schema.Array(Schema.Struct({ at: Schema.String }))
})
const One = read(Schema.Struct({ incident: Incident }))
const Listed = read(Schema.Struct({
  incidents: Schema.Array(Incident),
  more: Schema.Boolean,
  total: Schema.NullOr(Schema.Number)
}))

const started = makePagerDuty({ now: Effect.succeed(DateTime.unsafeMake("2026-03-21T14:06:00Z")) })

describe("PagerDuty's stand-in", () => {
  it.scoped("takes a key as Token, an OAuth token as Bearer, and nothing else", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const status = (headers: Record<string, string>) =>
        Effect.map(ask(`${url}/abilities`, { headers }), (answer) => answer.status)
      assert.strictEqual(yield* status(userKey), 200)
      assert.strictEqual(yield* status({ authorization: "Bearer pdus+oauth-sandbox" }), 200)
      assert.strictEqual(yield* status({ authorization: "Bearer u+abcdef1234567890" }), 401)
      assert.strictEqual(yield* status({ authorization: "token u+abcdef1234567890" }), 401)
      assert.strictEqual(yield* status({}), 401)
    }))

  it.scoped("answers /users/me of an account key with a string for an error", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const answer = yield* ask(`${url}/users/me`, { headers: accountKey })
      assert.strictEqual(answer.status, 400)
      assert.match((yield* read(Schema.Struct({ error: Schema.String }))(answer)).error, /account-level access token/)
    }))

  it.scoped("lists the document's one triggered incident, and its assignee in full only when asked", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const short = yield* Listed(yield* ask(`${url}/incidents?statuses[]=triggered`, { headers: userKey }))
      assert.deepStrictEqual(short.incidents.map((one) => one.id), ["P1INC001"])
      assert.strictEqual(short.incidents[0]?.assignments[0]?.assignee.type, "user_reference")
      assert.isNull(short.total)
      const full = yield* Listed(
        yield* ask(`${url}/incidents?statuses%5B%5D=triggered&include%5B%5D=assignees&total=true`, { headers: userKey })
      )
      assert.strictEqual(full.incidents[0]?.assignments[0]?.assignee.name, "Fabiano Cruz")
      assert.strictEqual(full.total, 1)
    }))

  it.scoped("hides incidents older than a month unless date_range=all, and pages", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const list = (query: string) => Effect.flatMap(ask(`${url}/incidents?${query}`, { headers: userKey }), Listed)
      const open = "statuses[]=triggered&statuses[]=acknowledged"
      assert.lengthOf((yield* list(open)).incidents, 1)
      assert.lengthOf((yield* list(`${open}&date_range=all`)).incidents, 2)
      const first = yield* list("date_range=all&limit=2&sort_by=created_at:desc")
      assert.deepStrictEqual(first.incidents.map((one) => one.id), ["P1INC001", "P1INC000"])
      assert.isTrue(first.more)
      assert.isFalse((yield* list("date_range=all&limit=2&offset=2")).more)
      const tooFar = yield* ask(`${url}/incidents?limit=100&offset=9901`, { headers: userKey })
      assert.strictEqual(tooFar.status, 400)
    }))

  it.scoped("acknowledges at its clock, with a known From for account keys", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const put = (headers: Record<string, string>) =>
        ask(`${url}/incidents/P1INC001`, { method: "PUT", headers, body: ack })
      assert.strictEqual((yield* put(accountKey)).status, 400)
      const stranger = yield* put({ ...accountKey, from: "nobody@acme.com" })
      assert.deepStrictEqual(json(stranger), { error: { message: "Requester User Not Found", code: 1008 } })
      const { incident } = yield* One(yield* put({ ...accountKey, from: "ana@acme.com" }))
      assert.strictEqual(incident.status, "acknowledged")
      assert.deepStrictEqual(incident.acknowledgements, [{ at: "2026-03-21T14:06:00Z" }])
    }))

  it.scoped("reopens a resolved incident on acknowledge, and assigns it to whoever did", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const before = yield* One(yield* ask(`${url}/incidents/P1INC000`, { headers: userKey }))
      assert.deepStrictEqual(before.incident.assignments, [])
      const after = yield* One(
        yield* ask(`${url}/incidents/P1INC000?include[]=users`, { method: "PUT", headers: userKey, body: ack })
      )
      assert.strictEqual(after.incident.status, "acknowledged")
      assert.strictEqual(after.incident.assignments[0]?.assignee.name, "Fabiano Cruz")
    }))

  it.scoped("updates in bulk all or nothing", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const entry = (id: string) => ({ id, ...ack.incident })
      const put = (ids: ReadonlyArray<string>) =>
        ask(`${url}/incidents`, { method: "PUT", headers: userKey, body: { incidents: ids.map(entry) } })
      assert.strictEqual((yield* put(["P1INC001", "PNOPE"])).status, 404)
      const untouched = yield* One(yield* ask(`${url}/incidents/42`, { headers: userKey }))
      assert.strictEqual(untouched.incident.status, "triggered")
      assert.strictEqual((yield* put(["P1INC001"])).status, 200)
    }))

  it.scoped("keeps notes and answers their creation with 200", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const notes = `${url}/incidents/P1INC001/notes`
      const made = yield* ask(notes, { headers: userKey, body: { note: { content: "looking" } } })
      assert.strictEqual(made.status, 200)
      const kept = yield* read(Schema.Struct({ notes: Schema.Array(Schema.Struct({ content: Schema.String })) }))(
        yield* ask(notes, { headers: userKey })
      )
      assert.deepStrictEqual(kept.notes, [{ content: "looking" }])
    }))

  it.scoped("gives on-call entries in the account's zone, with references, unless told otherwise", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const OnCalls = read(Schema.Struct({
        oncalls: Schema.Array(Schema.Struct({
          user: Schema.Struct({ id: Schema.String, email: Schema.optional(Schema.String) }),
          escalation_level: Schema.Number,
          start: Schema.NullOr(Schema.String)
        }))
      }))
      const query = "escalation_policy_ids[]=PESC001"
      const local = yield* OnCalls(yield* ask(`${url}/oncalls?${query}`, { headers: userKey }))
      assert.deepStrictEqual(local.oncalls.map((one) => one.escalation_level), [2, 1])
      assert.deepInclude(local.oncalls[1], { user: { id: "PUSER123" }, start: "2026-03-21T05:00:00-03:00" })
      const utc = yield* OnCalls(
        yield* ask(`${url}/oncalls?${query}&include[]=users&time_zone=UTC`, { headers: userKey })
      )
      assert.deepInclude(utc.oncalls[1], {
        user: { id: "PUSER123", email: "fabiano@acme.com" },
        start: "2026-03-21T08:00:00Z"
      })
    }))

  it.scoped("knows the seeded service and answers unknown ids and paths as the vendor does", () =>
    Effect.gen(function*() {
      const { url } = yield* started
      const service = yield* ask(`${url}/services/P1ABC2D`, { headers: userKey })
      const found = yield* read(
        Schema.Struct({
          service: Schema.Struct({ name: Schema.String, escalation_policy: Schema.Struct({ id: Schema.String }) })
        })
      )(service)
      assert.deepStrictEqual(found.service, { name: "api-gateway", escalation_policy: { id: "PESC001" } })
      assert.strictEqual(service.headers.get("ratelimit-limit"), "960")
      assert.strictEqual((yield* ask(`${url}/services/PNOPE`, { headers: userKey })).status, 404)
      assert.strictEqual((yield* ask(`${url}/incidents/PNOPE`, { headers: userKey })).status, 404)
      assert.deepStrictEqual(json(yield* ask(`${url}/nothing`, { headers: userKey })), {
        error: { message: "Not Found", code: 2100 }
      })
    }))

  it.scoped("starts from another account when given one", () =>
    Effect.gen(function*() {
      const { url } = yield* makePagerDuty({ seed: { ...pagerDutySeed, incidents: [] } })
      assert.lengthOf(
        (yield* Listed(yield* ask(`${url}/incidents?date_range=all`, { headers: userKey }))).incidents,
        0
      )
    }))
})
