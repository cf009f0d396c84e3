import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { isAudited } from "../../src/api/Audited.ts"
import { operationsByName } from "../../src/http/operations.ts"
import { AuditCheck } from "../../src/services/AuditCheck.ts"
import { Memory } from "../fakes/Storage.ts"
import { at, notValid } from "./ask.ts"
import { heard, Listening } from "./log.ts"
import { as, asNobody, configure, credentials, Faked, newOrg } from "./service.ts"

/** An entry without what differs from run to run. */
const Shown = Schema.Struct({
  number: Schema.Int,
  action: Schema.String,
  target: Schema.NullOr(Schema.String),
  outcome: Schema.String,
  status: Schema.Int
})
const Page = Schema.Struct({ entries: Schema.Array(Shown), next: Schema.NullOr(Schema.String) })

const page = (orgId: string, search = "?limit=100") =>
  Effect.flatMap(as(orgId)("GET", `/api/audit${search}`), ({ json }) => Schema.decodeUnknown(Page)(json))

/** The org's whole log, the oldest first, as `action target outcome status`. */
const log = (orgId: string) =>
  Effect.map(
    page(orgId),
    ({ entries }) =>
      entries.toReversed().map(({ action, outcome, status, target }) => `${action} ${target} ${outcome} ${status}`)
  )

const route = { eventType: "deploy.*", channel: "slack", channelId: "C0DEPLOY" }
const agentId = "agent-incident-abc123"
const endpoint = { url: "https://agents.acme.test/in", secret: `whsec_${"A".repeat(32)}` }
const secrets = [endpoint.secret, "u+abcdef1234567890", "lin_api_sandbox", "sntrys_sandbox", "cAnArY"]

/** Requests that succeed, each after the ones before it, and what the log then says of them. */
const succeeding = (orgId: string) =>
  Effect.gen(function*() {
    const ask = as(orgId)
    const sql = yield* SqlClient.SqlClient
    const expected: Array<string> = []
    const asked = (line: (json: unknown) => string, method: string, path: string, body?: unknown) =>
      Effect.gen(function*() {
        const answer = yield* ask(method, path, { ...(body !== undefined && { body }) })
        assert.isBelow(answer.status, 300, answer.text)
        expected.push(`${line(answer.json)} ok ${answer.status}`)
        return answer.json
      })
    for (const body of Object.values(credentials)) {
      yield* asked(() => `integrations.configure ${body.integration}`, "POST", "/api/integrations/configure", body)
    }
    yield* asked(() => "integrations.show pagerduty", "GET", "/api/integrations/pagerduty")
    yield* asked(() => "channelRoutes.create route-001", "POST", "/api/channel-routes", route)
    yield* asked(() => "channelRoutes.change route-001", "PATCH", "/api/channel-routes/route-001", { enabled: true })
    yield* asked(() => "channelRoutes.test route-001", "POST", "/api/channel-routes/route-001/test")
    const event = { type: "deploy.finished", title: "cAnArY", body: "cAnArY", dedupKey: "cAnArY" }
    yield* asked((json) => `events.emit ${at(json, "id")}`, "POST", "/api/events", event)
    const delivery = String(at((yield* ask("GET", "/api/deliveries")).json, "deliveries", 0, "id"))
    yield* asked(() => `deliveries.retry ${delivery}`, "POST", `/api/deliveries/${delivery}/retry`)
    yield* asked(() => "deliveries.retryAll null", "POST", "/api/deliveries/retry", { channel: "slack" })
    yield* sql`INSERT INTO incident_agents (org_id, project_id, id, created_at)
               VALUES (${orgId}, 'p', ${agentId}, '2026-03-21T14:00:00.000Z')`
    yield* asked(() => `agents.setEndpoint ${agentId}`, "PUT", `/api/agents/${agentId}/endpoint`, endpoint)
    yield* asked(() => `agents.removeEndpoint ${agentId}`, "DELETE", `/api/agents/${agentId}/endpoint`)
    const acknowledge = "/api/integrations/pagerduty/incidents/P1INC001/acknowledge"
    yield* asked(() => "pagerduty.acknowledge P1INC001", "POST", acknowledge, { acknowledgedBy: "cAnArY" })
    const issue = { title: "cAnArY", teamId: "team-eng" }
    yield* asked((json) => `linear.create ${at(json, "id")}`, "POST", "/api/integrations/linear/issues", issue)
    yield* asked(() => "channelRoutes.remove route-001", "DELETE", "/api/channel-routes/route-001")
    yield* asked(() => "integrations.forget linear", "DELETE", "/api/integrations/linear")
    return expected
  })

const Logged = Layer.provide(Faked(), Listening)

layer(Layer.provideMerge(Logged, Layer.provide(AuditCheck.Default, Memory)))("the audit log", (it) => {
  it.effect("has an entry of each kind of write, and of each look at credentials", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const expected = yield* succeeding(orgId)
      assert.deepStrictEqual(yield* log(orgId), expected)
      const audited = [...operationsByName.values()].filter(isAudited).map(({ name }) => name)
      assert.sameMembers([...new Set(expected.map((line) => line.split(" ", 1)[0]))], audited)
    }))

  it.effect("holds no secret and nothing of a body, and neither does its answer", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* succeeding(orgId)
      const sql = yield* SqlClient.SqlClient
      const stored = JSON.stringify(yield* sql`SELECT * FROM audit_log`)
      const { text } = yield* as(orgId)("GET", "/api/audit?limit=100")
      for (const secret of secrets) assert.notInclude(stored + text, secret)
    }))

  it.effect("says who, when and in which request", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* as(orgId)("POST", "/api/channel-routes", { body: route, headers: { "x-request-id": "of-the-caller" } })
      const { json, status } = yield* as(orgId)("GET", "/api/audit")
      assert.strictEqual(status, 200)
      const hash = at(json, "entries", 0, "hash")
      assert.match(String(hash), /^[0-9a-f]{64}$/)
      assert.deepStrictEqual(json, {
        entries: [{
          number: 1,
          at: "1970-01-01T00:00:00Z",
          caller: null,
          action: "channelRoutes.create",
          target: "route-001",
          outcome: "ok",
          status: 201,
          requestId: "of-the-caller",
          hash
        }],
        next: null
      })
    }))

  it.effect("has a request that is repeated under its key once more, with the target that it had", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const sent = { body: route, headers: { "idempotency-key": "cAnArY-key" } }
      const [first, second] = [
        yield* as(orgId)("POST", "/api/channel-routes", sent),
        yield* as(orgId)("POST", "/api/channel-routes", sent)
      ]
      assert.strictEqual(second.text, first.text)
      const other = { ...sent, body: { ...route, channelId: "C0OTHER" } }
      yield* as(orgId)("POST", "/api/channel-routes", other)
      assert.deepStrictEqual(yield* log(orgId), [
        "channelRoutes.create route-001 ok 201",
        "channelRoutes.create route-001 ok 201",
        "channelRoutes.create null IDEMPOTENCY_CONFLICT 409"
      ])
    }))

  it.effect("has what was refused by an organisation that has done something", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const ask = as(orgId)
      yield* configure(orgId, credentials.pagerduty)
      yield* ask("POST", "/api/channel-routes", { body: { channel: "fax" } })
      yield* ask("POST", "/api/channel-routes", { body: "{" })
      yield* ask("POST", "/api/channel-routes", { body: "x", headers: { "content-type": "text/plain" } })
      yield* ask("POST", "/api/channel-routes", { body: "x".repeat(1024 * 1024 + 1) })
      yield* ask("DELETE", "/api/channel-routes/route-009")
      yield* ask("DELETE", "/api/channel-routes/%00%20")
      yield* ask("POST", "/api/integrations/linear/issues", { body: { title: "t", teamId: "t" } })
      yield* ask("POST", "/api/integrations/pagerduty/incidents/P9/acknowledge", { body: {} })
      yield* ask("POST", "/api/deliveries/no%2Fid/retry")
      yield* ask("DELETE", "/api/integrations/fax")
      yield* ask("GET", "/api/integrations/linear")
      assert.deepStrictEqual(yield* log(orgId), [
        "integrations.configure pagerduty ok 200",
        "channelRoutes.create null VALIDATION_ERROR 400",
        "channelRoutes.create null VALIDATION_ERROR 400",
        "channelRoutes.create null UNSUPPORTED_MEDIA_TYPE 415",
        "channelRoutes.create null PAYLOAD_TOO_LARGE 413",
        "channelRoutes.remove route-009 ROUTE_NOT_FOUND 404",
        "channelRoutes.remove null ROUTE_NOT_FOUND 404",
        "linear.create null INTEGRATION_NOT_CONFIGURED 400",
        "pagerduty.acknowledge P9 INCIDENT_NOT_FOUND 404",
        "deliveries.retry no/id DELIVERY_NOT_FOUND 404",
        "integrations.forget fax VALIDATION_ERROR 400",
        "integrations.show linear INTEGRATION_NOT_CONFIGURED 400"
      ])
    }))

  it.effect("does not begin with a refusal: made-up organisations leave nothing but a log line", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const rows = sql`SELECT (SELECT COUNT(*) FROM audit_log) AS entries, (SELECT COUNT(*) FROM audit_heads) AS heads`
      const before = yield* rows
      heard.length = 0
      for (let index = 0; index < 50; index++) {
        assert.strictEqual((yield* as(yield* newOrg)("POST", "/api/channel-routes", { body: {} })).status, 400)
      }
      assert.strictEqual((yield* asNobody("POST", "/api/channel-routes", { body: route })).status, 400)
      assert.strictEqual((yield* as("no org!")("POST", "/api/channel-routes", { body: route })).status, 400)
      assert.deepStrictEqual(yield* rows, before)
      assert.lengthOf(heard.filter((line) => line.includes("not written to the audit log")), 52)
    }))

  it.effect("has nothing of reads, of a preview, of webhooks and of unknown paths", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const ask = as(orgId)
      yield* ask("POST", "/api/channel-routes", { body: route })
      for (const path of ["/api/channel-routes", "/api/deliveries", "/api/audit", "/api/integrations/status"]) {
        assert.strictEqual((yield* ask("GET", path)).status, 200)
      }
      yield* ask("POST", "/api/channel-routes/preview", { body: { eventType: "deploy.finished" } })
      yield* ask("POST", `/api/webhooks/sentry?org=${orgId}`, { body: {} })
      yield* ask("POST", "/api/nothing", { body: {} })
      yield* ask("DELETE", "/api/audit")
      assert.deepStrictEqual(yield* log(orgId), ["channelRoutes.create route-001 ok 201"])
    }))

  it.effect("is read in pages, the newest first, also of one action; and by its own organisation alone", () =>
    Effect.gen(function*() {
      const [orgId, other] = [yield* newOrg, yield* newOrg]
      for (let index = 0; index < 5; index++) {
        yield* as(orgId)("POST", "/api/channel-routes", { body: route })
        yield* as(orgId)("DELETE", "/api/channel-routes/route-999")
      }
      const numbers = (search: string) =>
        Effect.map(page(orgId, search), ({ entries, next }) => [entries.map(({ number }) => number), next])
      assert.deepStrictEqual(yield* numbers("?limit=4"), [[10, 9, 8, 7], "7"])
      assert.deepStrictEqual(yield* numbers("?limit=4&after=7"), [[6, 5, 4, 3], "3"])
      assert.deepStrictEqual(yield* numbers("?limit=4&after=3"), [[2, 1], null])
      assert.deepStrictEqual(yield* numbers("?action=channelRoutes.create&limit=3"), [[9, 7, 5], "5"])
      assert.deepStrictEqual(yield* numbers("?action=channelRoutes.create&limit=3&after=5"), [[3, 1], null])
      assert.deepStrictEqual(yield* numbers("?action=no.such"), [[], null])
      assert.deepStrictEqual(yield* log(other), [])
      for (
        const [search, details] of [
          ["?after=0", "after: expected what a list gave as next"],
          ["?after=x", "after: expected what a list gave as next"],
          ["?action=a%20b", "action: expected an action, as channelRoutes.create"],
          ["?limit=0", "limit: expected an integer from 1 to 100"]
        ] as const
      ) {
        assert.deepStrictEqual((yield* as(orgId)("GET", `/api/audit${search}`)).json, notValid(details))
      }
    }))

  it.effect("of fifty writes at once is one unbroken chain", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const create = as(orgId)("POST", "/api/channel-routes", { body: route })
      const answers = yield* Effect.all(Array.from({ length: 50 }, () => create), { concurrency: "unbounded" })
      assert.isTrue(answers.every(({ status }) => status === 201))
      const { entries, flaw } = yield* (yield* AuditCheck).check(orgId)
      assert.deepStrictEqual([entries, flaw._tag], [50, "None"])
      const { entries: shown } = yield* page(orgId)
      assert.lengthOf(new Set(shown.map(({ target }) => target)), 50)
    }))

  it.effect("that cannot be written changes no answer: its entry is in the log, complete and counted", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const sql = yield* SqlClient.SqlClient
      heard.length = 0
      yield* sql`ALTER TABLE audit_log RENAME TO audit_log_elsewhere`
      const answer = yield* as(orgId)("POST", "/api/channel-routes", {
        body: route,
        headers: { "x-request-id": "unwritten-1" }
      })
      yield* as(orgId)("DELETE", "/api/channel-routes/route-001", { headers: { "x-request-id": "unwritten-2" } })
      yield* sql`ALTER TABLE audit_log_elsewhere RENAME TO audit_log`
      assert.strictEqual(answer.status, 201)
      const facts = {
        action: "channelRoutes.create",
        at: "1970-01-01T00:00:00.000Z",
        org: orgId,
        token: null,
        target: "route-001",
        outcome: "ok",
        status: 201,
        requestId: "unwritten-1",
        unwritten: 1
      }
      const lacking = heard.filter((line) => line.startsWith("ERROR The audit log lacks an action"))
      assert.lengthOf(lacking, 2)
      for (const [name, value] of Object.entries(facts)) {
        assert.include(lacking[0], `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      }
      assert.include(lacking[1], "\"unwritten\":2")
      yield* as(orgId)("POST", "/api/channel-routes", { body: route })
      assert.deepStrictEqual(yield* log(orgId), ["channelRoutes.create route-002 ok 201"])
    }))
})
