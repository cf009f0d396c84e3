import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Option, TestClock } from "effect"
import { randomUUID } from "node:crypto"
import { Inbox } from "../../src/alerts/Inbox.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { receiver, verified } from "../alerts/receiver.ts"
import { at, failure, notValid } from "./ask.ts"
import { aFewTurns, as, asNobody, configure, Database, Faked, newOrg } from "./service.ts"

const agents = "/api/agents"
const notFound = { status: 404, body: failure(404, "AGENT_NOT_FOUND", "Incident agent not found") }
const endpoint = { url: "https://agents.acme.test/hooks?key=1", secret: `whsec_${"c2VjcmV0".repeat(4)}` }

/** A new organisation, and how Sentry tells it of an issue. */
const sentry = Effect.gen(function*() {
  const orgId = yield* newOrg
  const webhookSecret = `s3cr3t-${randomUUID()}`
  yield* configure(orgId, {
    integration: "sentry",
    config: { authToken: "sntrys_sandbox", organization: "acme", webhookSecret }
  })
  const tell = (id: string, slug?: string) =>
    Effect.gen(function*() {
      const body = JSON.stringify({
        action: "created",
        data: { issue: { id, title: `Issue ${id}`, ...(slug !== undefined && { project: { slug } }) } }
      })
      const headers = signatureHeaders.sentry(webhookSecret, body)
      const { json } = yield* asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, { body, headers })
      return String(at(json, "agentId"))
    })
  return { ask: as(orgId), orgId, tell }
})

const short = ({ json, status }: { readonly json: unknown; readonly status: number }) => ({ status, body: json })

/** The issues that a page of an inbox holds. */
const issues = (json: unknown): ReadonlyArray<unknown> => {
  const list = at(json, "incidents")
  return Array.isArray(list) ? list.map((one) => at(one, "payload", "issue", "id")) : []
}

/** The service's own: layers are shared by reference. */
const TheInbox = Inbox.Default.pipe(
  Layer.provide([AgentsRepo.Default, InboxRepo.Default]),
  Layer.provide(Database)
)

const OUTBOUND_ALLOW = "http://127.0.0.1"

layer(Layer.merge(Faked({ environment: { OUTBOUND_ALLOW } }), TheInbox))("incident agents", (it) => {
  it.effect("are listed with the first one first, one for each project", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      assert.deepStrictEqual(short(yield* ask("GET", agents)), { status: 200, body: { agents: [] } })
      const one = yield* tell("1", "api-gateway")
      const listed = yield* ask("GET", agents)
      const createdAt = String(at(listed.json, "agents", 0, "createdAt"))
      assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      assert.deepStrictEqual(listed.json, {
        agents: [{ id: one, projectId: "api-gateway", endpoint: null, createdAt }]
      })
      yield* TestClock.adjust("2 seconds")
      const other = yield* tell("2")
      assert.strictEqual(yield* tell("3", "api-gateway"), one)
      const all = at((yield* ask("GET", agents)).json, "agents")
      assert.deepStrictEqual(
        [at(all, 0, "id"), at(all, 1, "id"), at(all, 1, "projectId"), at(all, 2)],
        [one, other, "default", undefined]
      )
    }))

  it.effect("read their inbox from cursor to cursor", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const id = yield* tell("1", "api-gateway")
      yield* tell("2", "api-gateway")
      yield* tell("elsewhere", "web")
      yield* tell("3", "api-gateway")
      const inbox = `${agents}/${id}/incidents`
      const first = yield* ask("GET", `${inbox}?limit=2`)
      assert.deepStrictEqual([first.status, issues(first.json), at(first.json, "next")], [200, ["1", "2"], "2"])
      const incident = at(first.json, "incidents", 0)
      assert.deepStrictEqual(Object.keys(Object(incident)), [
        "id",
        "eventId",
        "eventType",
        "projectId",
        "severity",
        "title",
        "url",
        "occurredAt",
        "payload"
      ])
      assert.strictEqual(at(incident, "id"), `inc-${id.slice("agent-incident-".length)}-1`)
      assert.strictEqual(at(incident, "eventType"), "sentry.issue.created")
      assert.deepStrictEqual(at(incident, "payload"), {
        issue: { id: "1", title: "Issue 1", project: { slug: "api-gateway" } }
      })
      const second = yield* ask("GET", `${inbox}?limit=2&after=2`)
      assert.deepStrictEqual([issues(second.json), at(second.json, "next")], [["3"], "3"])
      assert.deepStrictEqual((yield* ask("GET", `${inbox}?after=3`)).json, { incidents: [], next: "3" })
    }))

  it.effect("wait for an incident as long as they say, and for no longer than it takes", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const id = yield* tell("1", "api-gateway")
      const inbox = `${agents}/${id}/incidents?after=1`
      const arriving = yield* Effect.fork(ask("GET", `${inbox}&wait=30`))
      yield* aFewTurns
      assert.isTrue(Option.isNone(yield* Fiber.poll(arriving)))
      yield* tell("2", "api-gateway")
      assert.deepStrictEqual(issues((yield* Fiber.join(arriving)).json), ["2"])
      const inVain = yield* Effect.fork(ask("GET", `${inbox.replace("after=1", "after=2")}&wait=7`))
      // A request needs turns of the event loop, not time of this clock, to come to its wait.
      const nudge = Effect.zipRight(aFewTurns, TestClock.adjust("1 second"))
      const { json } = yield* Effect.raceFirst(Fiber.join(inVain), Effect.forever(nudge))
      assert.deepStrictEqual(json, { incidents: [], next: "2" })
    }))

  it.effect("leave nothing behind when they hang up", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const id = yield* tell("1", "api-gateway")
      const { waitedFor } = yield* Inbox
      const until = (count: number) =>
        Effect.repeat(Effect.zipRight(aFewTurns, waitedFor), { until: (n) => n === count })
      const hangingUp = yield* Effect.fork(ask("GET", `${agents}/${id}/incidents?after=1&wait=30`))
      yield* until(1)
      yield* Fiber.interrupt(hangingUp)
      yield* until(0)
    }))

  it.effect("say what is wrong with a query", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const inbox = `${agents}/${yield* tell("1", "api-gateway")}/incidents`
      const wrong: ReadonlyArray<readonly [search: string, details: string]> = [
        ["after=", "after: expected a cursor that was given as next"],
        ["after=x", "after: expected a cursor that was given as next"],
        ["after=0", "after: expected a cursor that was given as next"],
        ["after=null", "after: expected a cursor that was given as next"],
        ["after=1%00", "after: expected a cursor that was given as next"],
        ["after=2", "after: expected a cursor that this agent was given as next"],
        ["wait=31", "wait: expected an integer from 0 to 30"],
        ["wait=-1", "wait: expected an integer from 0 to 30"],
        ["wait=1.5", "wait: expected an integer from 0 to 30"],
        ["wait=soon", "wait: expected an integer from 0 to 30"],
        ["limit=0", "limit: expected an integer from 1 to 100"],
        ["limit=101", "limit: expected an integer from 1 to 100"]
      ]
      for (const [search, details] of wrong) {
        assert.deepStrictEqual(
          short(yield* ask("GET", `${inbox}?${search}`)),
          { status: 400, body: notValid(details) },
          search
        )
      }
      assert.strictEqual((yield* ask("GET", `${inbox}?wait=0&limit=100&unknown=1`)).status, 200)
    }))

  it.effect("are nobody else's to list, read or change, and neither is anything that is no agent's id", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const id = yield* tell("1", "api-gateway")
      yield* ask("PUT", `${agents}/${id}/endpoint`, { body: endpoint })
      const stranger = as(yield* newOrg)
      assert.deepStrictEqual((yield* stranger("GET", agents)).json, { agents: [] })
      const ids = [id, "agent-incident-000000", "nobody", "%00", `${id}%20`, "%2e%2e", id.toUpperCase()]
      for (const one of ids) {
        const asked = one === id ? stranger : ask
        for (
          const answer of [
            yield* asked("GET", `${agents}/${one}/incidents`),
            yield* asked("GET", `${agents}/${one}/incidents?wait=30`),
            yield* asked("PUT", `${agents}/${one}/endpoint`, { body: { ...endpoint, url: "https://evil.test/" } }),
            yield* asked("DELETE", `${agents}/${one}/endpoint`)
          ]
        ) assert.deepStrictEqual(short(answer), notFound, one)
      }
      assert.strictEqual(at((yield* ask("GET", agents)).json, "agents", 0, "endpoint"), endpoint.url)
    }))

  it.effect("have an endpoint as long as it is set, and show its URL alone", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { ask, orgId, tell } = yield* sentry
      const id = yield* tell("1", "api-gateway")
      const path = `${agents}/${id}/endpoint`
      const set = yield* ask("PUT", path, { body: endpoint })
      const { createdAt } = Object(at((yield* ask("GET", agents)).json, "agents", 0))
      const shown = { id, projectId: "api-gateway", endpoint: endpoint.url, createdAt }
      assert.deepStrictEqual(short(set), { status: 200, body: shown })
      assert.deepStrictEqual((yield* ask("GET", agents)).json, { agents: [shown] })
      const stored = JSON.stringify(yield* sql`SELECT * FROM incident_agents WHERE org_id = ${orgId}`)
      assert.include(stored, endpoint.url)
      for (const hidden of [endpoint.secret, endpoint.secret.slice(6), "secretsecret"]) {
        assert.notInclude(stored, hidden)
        assert.notInclude(set.text, hidden)
      }
      const other = { url: "http://127.0.0.1:1/", secret: endpoint.secret.slice(6) }
      assert.strictEqual(at((yield* ask("PUT", path, { body: other })).json, "endpoint"), other.url)
      for (const attempt of ["first", "again"]) {
        assert.deepStrictEqual(
          short(yield* ask("DELETE", path)),
          { status: 200, body: { ...shown, endpoint: null } },
          attempt
        )
      }
      const left = yield* sql`SELECT endpoint_url, endpoint_key_id, endpoint_sealed FROM incident_agents
                              WHERE org_id = ${orgId}`
      assert.deepStrictEqual(left.map((row) => Object.values(row)), [[null, null, null]])
    }))

  it.effect("take no other endpoint, and quote nothing of it", () =>
    Effect.gen(function*() {
      const { ask, tell } = yield* sentry
      const path = `${agents}/${yield* tell("1", "api-gateway")}/endpoint`
      const url = "url: expected an https URL of at most 2048 ASCII characters, without credentials and fragment"
      const secret = "secret: expected whsec_ and base64 of 24 to 64 bytes"
      const wrong: ReadonlyArray<readonly [body: object, details: string]> = [
        [{ ...endpoint, url: "ftp://cAnArY.test/" }, url],
        [{ ...endpoint, url: "http://cAnArY.test/" }, "url: expected an https URL"],
        [{ ...endpoint, url: "https://cAnArY/" }, "url: expected a host on the public Internet"],
        [{ ...endpoint, url: "https://user:cAnArY@agents.test/" }, url],
        [{ ...endpoint, url: `https://agents.test/${"x".repeat(2048)}` }, url],
        [{ ...endpoint, secret: "cAnArY" }, secret],
        [{ ...endpoint, secret: "" }, secret],
        [{ url: "cAnArY", secret: "cAnArY" }, `${url}; ${secret}`]
      ]
      for (const [body, details] of wrong) {
        assert.deepStrictEqual(short(yield* ask("PUT", path, { body })), { status: 400, body: notValid(details) })
      }
      for (
        const body of [
          { ...endpoint, cAnArY: 1 },
          { url: endpoint.url },
          { secret: endpoint.secret },
          { ...endpoint, secret: null },
          { ...endpoint, url: [endpoint.url] },
          []
        ]
      ) {
        const answer = yield* ask("PUT", path, { body })
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "VALIDATION_ERROR"])
        assert.notInclude(answer.text, endpoint.secret)
      }
      assert.isNull(at((yield* ask("GET", agents)).json, "agents", 0, "endpoint"))
    }))
})

const Sending = Layer.provide(
  Faked({ dispatch: InProcess, environment: { OUTBOUND_ALLOW } }),
  Logger.remove(Logger.defaultLogger)
)

// With the machine's own clock, which is what the package looks at.
layer(Sending, { excludeTestServices: true })("an agent's endpoint", (it) => {
  it.scoped("gets each incident once, in order and signed, as the inbox has it", () =>
    Effect.gen(function*() {
      const { origin, received } = yield* receiver(200)
      const { ask, tell } = yield* sentry
      const id = yield* tell("before", "api-gateway")
      yield* ask("PUT", `${agents}/${id}/endpoint`, { body: { ...endpoint, url: `${origin}/hooks` } })
      for (const issue of ["1", "2", "3"]) yield* tell(issue, "api-gateway")
      yield* Effect.repeat(aFewTurns, { until: () => received.length >= 3 })
      yield* aFewTurns
      const pushed = yield* Effect.forEach(received, (one) => verified(endpoint.secret, one))
      const inbox = yield* ask("GET", `${agents}/${id}/incidents?after=1`)
      assert.deepStrictEqual(pushed.map((one) => at(one, "data")), at(inbox.json, "incidents"))
      assert.deepStrictEqual(issues(inbox.json), ["1", "2", "3"])
      assert.lengthOf(new Set(received.map(({ headers }) => headers["webhook-id"])), 3)
    }))
})
