import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { at, failure } from "./ask.ts"
import { as, asNobody, configure, Faked, newOrg } from "./service.ts"

const path = "/api/webhooks/sentry"

const config = (settings: object) => ({
  integration: "sentry",
  config: { authToken: "sntrys_sandbox", organization: "acme", ...settings }
})

/** A new organisation whose webhooks are signed with its own secret. */
const signer = (settings: object = {}) =>
  Effect.gen(function*() {
    const orgId = yield* newOrg
    const secret = `s3cr3t-${randomUUID()}`
    yield* configure(orgId, config({ webhookSecret: secret, ...settings }))
    return { orgId, secret }
  })

const deliver = (
  secret: string,
  body: string | Uint8Array,
  { headers = {}, search = "" }: { readonly headers?: Record<string, string>; readonly search?: string } = {}
) => asNobody("POST", path + search, { body, headers: { ...signatureHeaders.sentry(secret, body), ...headers } })

const issue = (id: string, slug = "api-gateway", action = "created") =>
  JSON.stringify({ action, data: { issue: { id, title: "TypeError", project: { slug } } } })

const events = (orgId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`SELECT type, body, agent_id FROM events WHERE org_id = ${orgId} ORDER BY received_at, id`
  )

const unverified = (details: string) => ({
  status: 401,
  body: failure(401, "INVALID_SIGNATURE", "The webhook signature could not be verified", details)
})

layer(Faked())("Sentry's webhook", (it) => {
  it.effect("is verified over the very bytes that came", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const bodies: ReadonlyArray<string | Uint8Array> = [
        `{  "action" : "created",\n\t"data": {"issue": {"id": "1"}}  }\n`,
        `{"action":"created","data":{"issue":{"id":"2","title":"Gr\\u00f6\\u00dfe \\ud83d\\ude00"}}}`,
        `{"action":"triggered","data":{"event":{"event_id":"3","received":1566248777.0,"x":1e2},"triggered_rule":"R"}}`,
        `{"action":"created","action":"resolved","data":{"issue":{"id":"4"}}}`,
        `{"action":"created","data":{"issue":{"id":"5","title":"\u00e9\u4e2d\ud83d\ude00"}}}`,
        new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]),
        new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(issue("6"))]),
        "not JSON at all",
        "[]"
      ]
      for (const body of bodies) {
        const answer = yield* deliver(secret, body)
        assert.strictEqual(answer.status, 200, String(body))
        assert.strictEqual(at(answer.json, "received"), true)
      }
      assert.lengthOf(yield* events(orgId), bodies.length)
      // The same JSON in other bytes is not what was signed.
      const signed = signatureHeaders.sentry(secret, `{"a": 1.0}`)
      for (const body of [`{"a":1.0}`, `{"a": 1}`, `{"a": 1.0} `, `{"a": 1.0}\n`]) {
        assert.strictEqual((yield* asNobody("POST", path, { body, headers: signed })).status, 401, body)
      }
      assert.lengthOf(yield* events(orgId), bodies.length)
    }))

  it.effect("is refused without a signature that verifies, and nothing is done", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const body = issue("1")
      const good = signatureHeaders.sentry(secret, body)["sentry-hook-signature"]
      const post = (headers: Record<string, string | ReadonlyArray<string>>, search = "") =>
        Effect.map(asNobody("POST", path + search, { body, headers }), ({ json, status }) => ({ status, body: json }))
      const named = `?org=${orgId}`
      assert.deepStrictEqual(yield* post({}), unverified("sentry-hook-signature: the header is missing"))
      const malformed = unverified(
        "sentry-hook-signature: the header is malformed, expected 64 hexadecimal digits"
      )
      const odd = [
        "",
        "abc",
        good.slice(1),
        `${good}0`,
        `sha256=${good}`,
        "g".repeat(64),
        "\u00e9".repeat(64),
        `${good},`
      ]
      for (const signature of odd) {
        assert.deepStrictEqual(yield* post({ "sentry-hook-signature": signature }, named), malformed, signature)
      }
      assert.deepStrictEqual(yield* post({ "sentry-hook-signature": [good, good] }, named), malformed)
      const wrong = `${good.startsWith("0") ? "1" : "0"}${good.slice(1)}`
      for (const search of [named, "", "?org=org-nobody"]) {
        const answer = yield* post({ "sentry-hook-signature": wrong }, search)
        assert.deepStrictEqual([answer.status, at(answer.body, "code")], [401, "INVALID_SIGNATURE"])
        assert.notInclude(JSON.stringify(answer.body), good)
      }
      assert.deepStrictEqual(yield* events(orgId), [])
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT * FROM incident_agents WHERE org_id = ${orgId}`, [])
      assert.strictEqual((yield* post({ "sentry-hook-signature": good.toUpperCase() })).status, 200)
    }))

  it.effect("is told whose it is by ?org=, then by x-org-id", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* signer(), yield* signer()]
      for (
        const [body, options] of [
          [issue("1"), { search: `?org=${a.orgId}` }],
          [issue("2"), { headers: { "x-org-id": a.orgId } }],
          [issue("3"), { search: `?org=${a.orgId}`, headers: { "x-org-id": b.orgId } }],
          [issue("4"), {}]
        ] as const
      ) {
        assert.strictEqual((yield* deliver(a.secret, body, options)).status, 200)
      }
      for (const options of [{ search: `?org=${b.orgId}` }, { headers: { "x-org-id": b.orgId } }]) {
        assert.strictEqual((yield* deliver(a.secret, issue("5"), options)).status, 401)
      }
      for (const search of ["?org=..%2f..", "?org=a%20b", "?org="]) {
        const answer = yield* deliver(a.secret, issue("6"), { search })
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "VALIDATION_ERROR"], search)
      }
      assert.lengthOf(yield* events(a.orgId), 4)
      assert.lengthOf(yield* events(b.orgId), 0)
    }))

  it.effect("of two organisations with one secret is a 400 that says so", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const other = yield* newOrg
      yield* configure(other, config({ webhookSecret: secret }))
      const answer = yield* deliver(secret, issue("1"))
      assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "VALIDATION_ERROR"])
      assert.match(String(at(answer.json, "details")), /^org: several organisations share .*\?org=/)
      assert.notInclude(answer.text, other)
      assert.deepStrictEqual([yield* events(orgId), yield* events(other)], [[], []])
      assert.strictEqual((yield* deliver(secret, issue("1"), { search: `?org=${other}` })).status, 200)
      assert.lengthOf(yield* events(other), 1)
    }))

  it.effect("is taken under the secret and the one before it, and no longer under one before that", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const next = `next-${randomUUID()}`
      yield* configure(orgId, config({ webhookSecret: next, webhookSecretPrevious: secret }))
      assert.strictEqual((yield* deliver(secret, issue("1"))).status, 200)
      assert.strictEqual((yield* deliver(next, issue("2"))).status, 200)
      yield* configure(orgId, config({ webhookSecret: next }))
      assert.strictEqual((yield* deliver(secret, issue("3"))).status, 401)
      yield* as(orgId)("DELETE", "/api/integrations/sentry")
      assert.strictEqual((yield* deliver(next, issue("4"))).status, 401)
      assert.lengthOf(yield* events(orgId), 2)
    }))

  it.effect("repeated gives the first answer and no second event", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const first = yield* deliver(secret, issue("1"), { headers: { "request-id": "1" } })
      const again = yield* Effect.all(
        Array.from({ length: 10 }, (_, index) =>
          deliver(secret, issue("1"), { headers: { "request-id": `again-${index}` } })),
        { concurrency: "unbounded" }
      )
      for (const { status, text } of again) {
        assert.deepStrictEqual([status, text], [200, first.text])
      }
      const rows = yield* events(orgId)
      assert.deepStrictEqual(rows.map((row) => [at(row, "type"), at(row, "body"), at(row, "agentId")]), [
        ["sentry.issue.created", issue("1"), at(first.json, "agentId")]
      ])
    }))

  it.effect("that comes ten times at once for the first time is one event and one agent", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const answers = yield* Effect.all(
        Array.from({ length: 10 }, () => deliver(secret, issue("1"))),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(new Set(answers.map(({ text }) => text)), 1)
      assert.lengthOf(yield* events(orgId), 1)
    }))

  it.effect("binds the installation to the organisation that verified it first", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const uuid = randomUUID()
      const from = (id: string) =>
        JSON.stringify({ action: "created", installation: { uuid }, data: { issue: { id, project: { slug: "p" } } } })
      assert.strictEqual((yield* deliver(secret, from("1"))).status, 200)
      // Another one takes the same secret: who sends is known by now.
      const other = yield* newOrg
      yield* configure(other, config({ webhookSecret: secret }))
      assert.strictEqual((yield* deliver(secret, from("2"))).status, 200)
      assert.strictEqual((yield* deliver(secret, issue("3"))).status, 400)
      assert.deepStrictEqual([(yield* events(orgId)).length, (yield* events(other)).length], [2, 0])
      // A binding is no proof: the signature still is.
      assert.strictEqual((yield* deliver("another-secret", from("4"))).status, 401)
    }))

  it.effect("reaches one agent for each project of an organisation, always the same", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* signer({ projects: { mapped: "api-gateway" } }), yield* signer()]
      const agentOf = (secret: string, body: string) =>
        Effect.map(deliver(secret, body), (answer) => {
          assert.strictEqual(at(answer.json, "routed"), true)
          return String(at(answer.json, "agentId"))
        })
      const one = yield* agentOf(a.secret, issue("1", "api-gateway"))
      assert.match(one, /^agent-incident-[a-z0-9]{6}$/)
      assert.strictEqual(yield* agentOf(a.secret, issue("2", "api-gateway")), one)
      assert.strictEqual(yield* agentOf(a.secret, issue("1", "api-gateway", "resolved")), one)
      assert.strictEqual(yield* agentOf(a.secret, issue("3", "mapped")), one)
      assert.notStrictEqual(yield* agentOf(a.secret, issue("4", "web")), one)
      assert.notStrictEqual(yield* agentOf(b.secret, issue("1", "api-gateway")), one)
    }))

  it.effect("of what concerns no agent is stored all the same", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer()
      const bodies = [
        [`{"action":"created","data":{"installation":{"status":"installed"}}}`, "installation"],
        [`{"action":"created","data":{"comment_id":7,"comment":"hi","project_slug":"p","timestamp":"t"}}`, "comment"],
        [issue("1", "p", "assigned"), "issue"],
        [issue("1", "p", "ignored"), "issue"],
        [`{"action":"root_cause_started","data":{"run_id":1}}`, "seer"],
        [`{}`, "nothing-known"],
        [`null`, "issue"]
      ] as const
      for (const [body, resource] of bodies) {
        const answer = yield* deliver(secret, body, { headers: { "sentry-hook-resource": resource } })
        assert.deepStrictEqual(
          [answer.status, answer.text],
          [200, `{"received":true,"routed":false,"agentId":null}`],
          body
        )
      }
      assert.lengthOf(yield* events(orgId), bodies.length)
    }))
})
