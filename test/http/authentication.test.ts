import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Redacted, TestClock } from "effect"
import { TestApi } from "../../src/testing/TestApi.ts"
import { type Answer, at, failure } from "./ask.ts"
import { as, asNobody, newOrg } from "./service.ts"
import { bearer, type Endpoint, Guarded, guarded, open, statementsDuring } from "./tokens.ts"

const missing = failure(401, "UNAUTHORIZED", "A valid token is required", "authorization: expected Bearer and a token")
const refused = failure(401, "UNAUTHORIZED", "A valid token is required", "The token is unknown, expired or revoked")
const otherOrg = failure(
  403,
  "FORBIDDEN",
  "The token does not allow this",
  "x-org-id: the token is for another organisation"
)
const lacks = (scope: string) =>
  failure(403, "FORBIDDEN", "The token does not allow this", `The token lacks the scope ${scope}`)

const send = (orgId: string, { body, method, path }: Endpoint, headers: Record<string, string> = {}) =>
  as(orgId)(method, path, { headers, ...(body !== undefined && { body }) })

const seen = ({ headers, json, status }: Answer) => ({ status, body: json, challenge: headers["www-authenticate"] })
const unauthorized = (body: unknown) => ({ status: 401, body, challenge: "Bearer" })
const forbidden = (body: unknown) => ({ status: 403, body, challenge: undefined })

/** What each endpoint needs, by the rule and its exceptions. */
const scopeOf = ({ method, name }: Endpoint) =>
  [
      "integrations.configure",
      "integrations.show",
      "integrations.forget",
      "agents.setEndpoint",
      "agents.removeEndpoint",
      "audit.list"
    ].includes(name)
    ? "admin"
    : method === "GET" || name === "channelRoutes.preview"
    ? "read"
    : "write"

const everyScope = ["read", "write", "admin"] as const
const routes = "/api/channel-routes"

layer(Guarded)("with AUTH=tokens", (it) => {
  it.effect("there are endpoints that act for organisations, and few that do not", () =>
    Effect.sync(() => {
      assert.isAbove(guarded.length, 26)
      assert.sameMembers(open.map(({ path }) => path), [
        "/health",
        "/health/ready",
        "/metrics",
        "/api/webhooks/sentry",
        "/api/webhooks/pagerduty",
        "/api/webhooks/linear"
      ])
    }))

  for (const endpoint of guarded) {
    const { name } = endpoint

    it.effect(`${name} takes no caller without a token, and does nothing for one`, () =>
      Effect.gen(function*() {
        const orgId = yield* newOrg
        const alone = yield* statementsDuring(send(orgId, endpoint))
        assert.deepStrictEqual(seen(alone.answer), unauthorized(missing))
        const wrong = yield* statementsDuring(send(orgId, endpoint, { authorization: "Bearer wrong" }))
        assert.deepStrictEqual(seen(wrong.answer), unauthorized(refused))
        assert.deepStrictEqual([...alone.statements, ...wrong.statements], [])
        // What is sent is what the endpoint takes, and what it does would have shown.
        const { headers } = yield* bearer(orgId)
        const good = yield* statementsDuring(send(orgId, endpoint, headers))
        assert.notInclude([401, 403], good.answer.status, good.answer.text)
        assert.notStrictEqual(at(good.answer.json, "code"), "VALIDATION_ERROR", good.answer.text)
        assert.isNotEmpty(good.statements)
      }))

    it.effect(`${name} takes no token of another organisation, and does nothing for one`, () =>
      Effect.gen(function*() {
        const [orgId, other] = [yield* newOrg, yield* newOrg]
        const { headers } = yield* bearer(other)
        const { answer, statements } = yield* statementsDuring(send(orgId, endpoint, headers))
        assert.deepStrictEqual(seen(answer), forbidden(otherOrg))
        assert.deepStrictEqual(statements, [])
      }))

    it.effect(`${name} needs its own scope: the others do not do`, () =>
      Effect.gen(function*() {
        const orgId = yield* newOrg
        const scope = scopeOf(endpoint)
        const [one, ...others] = everyScope.filter((other) => other !== scope)
        if (one === undefined) return assert.fail(scope)
        const without = yield* bearer(orgId, { scopes: [one, ...others] })
        const { answer, statements } = yield* statementsDuring(send(orgId, endpoint, without.headers))
        assert.deepStrictEqual(seen(answer), forbidden(lacks(scope)))
        // That it was tried is in the audit log.
        assert.deepStrictEqual(statements.filter((text) => !/\b(audit_log|audit_heads|storage_probe)\b/.test(text)), [])
        const alone = yield* bearer(orgId, { scopes: [scope] })
        assert.notInclude([401, 403], (yield* send(orgId, endpoint, alone.headers)).status)
      }))
  }

  it.effect("a token is good for as long as it says, to the millisecond", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const { headers } = yield* bearer(orgId, { lifetime: Duration.minutes(10) })
      const ask = as(orgId)("GET", routes, { headers })
      assert.strictEqual((yield* ask).status, 200)
      yield* TestClock.adjust("599999 millis")
      assert.strictEqual((yield* ask).status, 200)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(seen(yield* ask), unauthorized(refused))
    }))

  it.effect("the scheme is Bearer, in any case, and nothing else", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const { token } = yield* bearer(orgId)
      const ask = (authorization: string) => as(orgId)("GET", routes, { headers: { authorization } })
      for (const good of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`]) {
        assert.strictEqual((yield* ask(good)).status, 200, good)
      }
      const others = [
        token,
        `XXXXXX ${token}`,
        `XXXXXXX${token}`,
        `Bearer${token}`,
        `Bearer\t${token}`,
        `Basic ${token}`,
        `Basic ${Buffer.from(`:${token}`).toString("base64")}`,
        `Token ${token}`,
        `Bearer: ${token}`,
        `Bearer ${token} ${token}`,
        "Bearer",
        "Bearer ",
        ""
      ]
      for (const other of others) assert.deepStrictEqual(seen(yield* ask(other)), unauthorized(missing), other)
      for (const bad of [`Bearer "${token}"`, `Bearer ${token}=`, `Bearer ${token},`, `Bearer ${token.slice(0, -1)}`]) {
        assert.deepStrictEqual(seen(yield* ask(bad)), unauthorized(refused), bad)
      }
      // Where it does not belong, it is not looked for.
      for (
        const path of [`${routes}?token=${token}`, `${routes}?access_token=${token}&authorization=Bearer%20${token}`]
      ) {
        assert.deepStrictEqual(seen(yield* as(orgId)("GET", path)), unauthorized(missing))
      }
      const cookie = yield* as(orgId)("GET", routes, { headers: { cookie: `token=${token}; authorization=${token}` } })
      assert.deepStrictEqual(seen(cookie), unauthorized(missing))
    }))

  it.effect("every character of a token counts", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const { token } = yield* bearer(orgId)
      for (let index = 0; index < token.length; index++) {
        const other = token[index] === "a" ? "b" : "a"
        const altered = `${token.slice(0, index)}${other}${token.slice(index + 1)}`
        const answer = yield* as(orgId)("GET", routes, { headers: { authorization: `Bearer ${altered}` } })
        assert.deepStrictEqual(seen(answer), unauthorized(refused), String(index))
      }
    }))

  it.effect("an operator's token acts for each organisation, within its scopes", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* newOrg, yield* newOrg]
      const { headers } = yield* bearer("*", { scopes: ["read"] })
      for (const orgId of [one, other]) {
        assert.strictEqual((yield* as(orgId)("GET", routes, { headers })).status, 200)
        const body = { eventType: "*", channel: "slack", channelId: "C" }
        const write = yield* as(orgId)("POST", routes, { headers, body })
        assert.deepStrictEqual(seen(write), forbidden(lacks("write")))
      }
      // No organisation is called so.
      assert.strictEqual(at((yield* as("*")("GET", routes, { headers })).json, "code"), "ORG_ID_INVALID")
      assert.strictEqual(at((yield* asNobody("GET", routes, { headers })).json, "code"), "ORG_ID_REQUIRED")
    }))

  it.effect("is checked after path, method and organisation, and before body and parameters", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const code = ({ json }: Answer) => at(json, "code")
      const big = "x".repeat(1024 * 1024 + 1)
      assert.strictEqual(code(yield* asNobody("GET", "/api/nope")), "NOT_FOUND")
      assert.strictEqual(code(yield* asNobody("PUT", routes)), "METHOD_NOT_ALLOWED")
      assert.strictEqual(code(yield* asNobody("GET", routes)), "ORG_ID_REQUIRED")
      assert.strictEqual(code(yield* as("../..")("GET", routes)), "ORG_ID_INVALID")
      const { headers } = yield* bearer(orgId, { scopes: ["read"] })
      const bad = [{ body: big }, { body: "{" }, { body: "a", headers: { "content-type": "text/plain" } }, { body: {} }]
      for (const sent of bad) {
        assert.strictEqual(code(yield* as(orgId)("POST", routes, sent)), "UNAUTHORIZED")
        const scoped = yield* as(orgId)("POST", routes, { ...sent, headers: { ...sent.headers, ...headers } })
        assert.strictEqual(code(scoped), "FORBIDDEN")
      }
      assert.strictEqual(code(yield* as(orgId)("GET", "/api/agents/none/incidents?limit=0")), "UNAUTHORIZED")
      assert.strictEqual((yield* as(orgId)("HEAD", routes)).status, 401)
    }))

  it.effect("health, descriptions and webhooks need no token", () =>
    Effect.gen(function*() {
      for (const path of ["/health", "/health/ready", "/docs", "/openapi.json"]) {
        assert.strictEqual((yield* asNobody("GET", path)).status, 200, path)
      }
      const orgId = yield* newOrg
      const { headers } = yield* bearer(orgId)
      for (const { path } of open.filter(({ method }) => method === "POST")) {
        // They have their own proof, for which no token stands in.
        for (const sent of [{}, headers]) {
          const answer = yield* as(orgId)("POST", path, { body: {}, headers: sent })
          assert.deepStrictEqual([answer.status, at(answer.json, "code")], [401, "INVALID_SIGNATURE"], path)
          assert.isUndefined(answer.headers["www-authenticate"])
        }
      }
    }))

  it.effect("the typed client brings its token, and fails by tag without", () =>
    Effect.gen(function*() {
      const { client, token } = yield* TestApi
      const orgId = yield* newOrg
      const acme = yield* client(orgId, yield* token(orgId))
      assert.lengthOf((yield* acme.channelRoutes.list()).routes, 0)
      const nobody = yield* client(orgId)
      assert.strictEqual((yield* Effect.flip(nobody.channelRoutes.list()))._tag, "Unauthorized")
      const wrong = yield* client(orgId, Redacted.make("wrong"))
      assert.strictEqual((yield* Effect.flip(wrong.channelRoutes.list()))._tag, "Unauthorized")
      const other = yield* client(orgId, yield* token(yield* newOrg))
      assert.strictEqual((yield* Effect.flip(other.channelRoutes.list()))._tag, "Forbidden")
    }))
})
