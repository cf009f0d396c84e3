import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { newOrg, Service } from "./service.ts"
import { bearer, type Endpoint, exchange, Guarded, guarded, statementsDuring } from "./tokens.ts"

const hex = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`

/** Every way that is known to make a check see another path than the router does. */
const spellings: Readonly<Record<string, (path: string) => string>> = {
  plain: (path) => path,
  "one letter encoded": (path) => path.replace("/api", "/%61pi"),
  "one letter encoded in capitals": (path) => path.replace("/api", "/%61%70%49"),
  "all letters encoded": (path) => path.replaceAll(/[a-z]/g, hex),
  "encoded twice": (path) => path.replace("/api", "/%2561pi"),
  "an overlong encoding": (path) => path.replace("/api", "/%c1%a1pi"),
  "slashes encoded": (path) => `/${path.slice(1).replaceAll("/", "%2f")}`,
  "a slash before": (path) => `/${path}`,
  "slashes doubled": (path) => path.replaceAll("/", "//"),
  "backslashes": (path) => `/${path.slice(1).replaceAll("/", "\\")}`,
  "a dot segment": (path) => path.replace("/api/", "/api/./"),
  "a dot segment before": (path) => `/.${path}`,
  "a parent segment": (path) => `/health/..${path}`,
  "a parent segment of an open path": (path) => path.replace("/api/", "/api/webhooks/sentry/../../"),
  "encoded dot segments": (path) => `/health/%2e%2e${path}`,
  "half-encoded dot segments": (path) => `/health/.%2e${path}`,
  "capitals": (path) => path.toUpperCase(),
  "one capital": (path) => path.replace("/api", "/Api"),
  "a slash at the end": (path) => `${path}/`,
  "a semicolon": (path) => `${path};a=b`,
  "a semicolon before": (path) => path.replace("/api", "/api;/health"),
  "an encoded semicolon": (path) => `${path}%3b`,
  "a hash": (path) => `${path}#/health`,
  "a hash before": (path) => `/health#${path}`,
  "a question mark": (path) => `${path}?/health`,
  "an encoded question mark": (path) => `${path}%3f`,
  "a NUL": (path) => `${path}%00`,
  "a space at the end": (path) => `${path}%20`,
  "a full URL": (path) => `http://x${path}`,
  "a full URL of another scheme": (path) => `HTTPS://user:password@x:1${path}`,
  "a full URL with an encoded letter": (path) => `http://x${path.replace("/api", "/%61pi")}`,
  "a full URL with a double slash": (path) => `http://x/${path}`,
  "a full URL in a full URL": (path) => `http://x/http://x${path}`,
  "a full URL without a host": (path) => `http://${path}`,
  "no slash before": (path) => path.slice(1)
}

const message = (orgId: string, { body, method }: Endpoint, target: string, more: ReadonlyArray<string> = []) => {
  const bytes = body === undefined ? "" : JSON.stringify(body)
  return [
    `${method} ${target} HTTP/1.1`,
    "host: x",
    `x-org-id: ${orgId}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(bytes)}`,
    "connection: close",
    ...more,
    "",
    bytes
  ].join("\r\n")
}

layer(Guarded)("a path of any spelling", (it) => {
  for (const [name, spell] of Object.entries(spellings)) {
    it.effect(`reaches no handler without a token: ${name}`, () =>
      Effect.gen(function*() {
        const { url } = yield* Service
        const orgId = yield* newOrg
        const statuses = new Set<number>()
        for (const endpoint of guarded) {
          const target = spell(endpoint.path)
          const { answer, statements } = yield* statementsDuring(exchange(url, message(orgId, endpoint, target)))
          assert.include([400, 401, 404, 405], answer.status, `${endpoint.method} ${target}: ${answer.text}`)
          assert.deepStrictEqual(statements, [], target)
          statuses.add(answer.status)
        }
        // These are known to the router, so that somebody has to ask for the token.
        if (name === "plain" || name === "a full URL" || name === "a question mark") {
          assert.deepStrictEqual([...statuses], [401], name)
        }
      }))
  }

  it.effect("reaches one with a token, if it is that path", () =>
    Effect.gen(function*() {
      const { url } = yield* Service
      for (const endpoint of guarded) {
        const orgId = yield* newOrg
        const { token } = yield* bearer(orgId)
        const sent = message(orgId, endpoint, `http://x${endpoint.path}`, [`authorization: Bearer ${token}`])
        const { answer, statements } = yield* statementsDuring(exchange(url, sent))
        assert.notInclude([0, 401, 403], answer.status, answer.text)
        assert.isNotEmpty(statements, endpoint.name)
      }
    }))

  it.effect("a token that is said twice is the first one, and no header smuggles another", () =>
    Effect.gen(function*() {
      const { url } = yield* Service
      const [orgId, other] = [yield* newOrg, yield* newOrg]
      const [mine, others] = [yield* bearer(orgId), yield* bearer(other)]
      const list = guarded.find(({ name }) => name === "channelRoutes.list")
      if (list === undefined) return assert.fail("channelRoutes.list")
      const status = (more: ReadonlyArray<string>, org = orgId) =>
        Effect.map(exchange(url, message(org, list, list.path, more)), (answer) => answer.status)
      assert.strictEqual(yield* status([`authorization: Bearer ${mine.token}`]), 200)
      const both = [`authorization: Bearer ${others.token}`, `authorization: Bearer ${mine.token}`]
      assert.strictEqual(yield* status(both), 403)
      const folded = [`authorization: Bearer ${others.token}, Bearer ${mine.token}`]
      assert.strictEqual(yield* status(folded), 401)
      // Two organisations: joined they are none, so that none is picked.
      assert.strictEqual(yield* status([`authorization: Bearer ${mine.token}`, `x-org-id: ${other}`]), 400)
      assert.strictEqual(yield* status([`x-authorization: Bearer ${mine.token}`]), 401)
      assert.strictEqual(yield* status([`proxy-authorization: Bearer ${mine.token}`]), 401)
      assert.strictEqual(yield* status([`x-original-url: /health`, "x-rewrite-url: /health"]), 401)
      assert.strictEqual(yield* status(["x-http-method-override: OPTIONS"]), 401)
    }))
})
