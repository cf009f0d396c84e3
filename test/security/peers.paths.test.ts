import { HttpApi } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Api } from "../../src/api/Api.ts"
import { at } from "../http/ask.ts"
import { asNobody, Faked } from "../http/service.ts"
import { environments } from "./environments.ts"

/*
 * Defect 1 of a peer: its bearer check looked at the raw path, its router at the decoded one, so that
 * `GET /%61pi/integrations/pagerduty/oncall` was answered to anybody.
 */

/** What is open to anybody: load balancers, and vendors, who prove themselves by a signature. */
const open = new Set([
  "GET /health",
  "GET /health/ready",
  "GET /metrics",
  "POST /api/webhooks/sentry",
  "POST /api/webhooks/pagerduty",
  "POST /api/webhooks/linear"
])

/** Every other endpoint. */
const guarded = (() => {
  const found: Array<{ readonly method: string; readonly path: string }> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path } }) => {
      if (!open.has(`${method} ${path}`)) found.push({ method, path: path.replaceAll(/:\w+/g, "x1") })
    }
  })
  return found
})()

const hex = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`

/** Each way of writing a path that some server, proxy or router takes for the same. */
const spellings = (path: string): ReadonlyArray<string> => {
  const segments = path.split("/").slice(1)
  const [first = "", ...others] = segments
  const rest = others.join("/")
  const last = segments.at(-1) ?? ""
  const parent = segments.slice(0, -1).join("/")
  return [
    `/${hex(first.charAt(0))}${first.slice(1)}/${rest}`,
    `/${[...first].map(hex).join("")}/${rest}`,
    `/${[...first].map(hex).join("").toUpperCase().replaceAll("%", "%25")}/${rest}`,
    `/${Array.from(path.slice(1), (one) => one === "/" ? one : hex(one)).join("")}`,
    `/${parent}/${hex(last.charAt(0))}${last.slice(1)}`,
    `/%25${hex(first.charAt(0)).slice(1)}${first.slice(1)}/${rest}`,
    `/${first.toUpperCase()}/${rest}`,
    `/${first}/${rest.toUpperCase()}`,
    path.toUpperCase(),
    `/${path}`,
    path.replaceAll("/", "//"),
    `//127.0.0.1${path}`,
    `/.${path}`,
    `/..${path}`,
    `/x/..${path}`,
    `/${first}/./${rest}`,
    `/${first}/x/../${rest}`,
    `/health/..${path}`,
    `/health/%2e%2e${path}`,
    `/health/..%2f${path.slice(1)}`,
    `/%2e%2e${path}`,
    `/%2e${path}`,
    path.replace(/\/(?=[^/]*$)/, "%2f"),
    path.replaceAll("/", "\\"),
    `/${first}\\${rest}`,
    path.replace(/\/(?=[^/]*$)/, "%5c"),
    `${path}/`,
    `${path}//`,
    `${path}/.`,
    `${path}/%2e`,
    `${path};x`,
    `${path};/health`,
    `${path}%3bx`,
    `${path}#`,
    `${path}%23`,
    `${path}%00`,
    `${path}%20`,
    `${path}%0d%0a`,
    `${path}?`,
    `${path}?x=/health`,
    `${path}.json`,
    `/openapi.json/..${path}`,
    `http://127.0.0.1${path}`,
    `http://127.0.0.1/%61${path.slice(2)}`,
    `https://example.org${path}`,
    path.replace("a", "\u00e1"),
    path.replace("/a", "/%c1%a1"),
    path.replace("/a", "/%u0061")
  ]
}

for (const { environment, name, refusal, stranger } of environments) {
  layer(Faked({ environment }))(`peers' defect 1, authentication bypass, with ${name}`, (it) => {
    it.effect("no spelling of a path reaches a handler for a stranger", () =>
      Effect.gen(function*() {
        assert.isAbove(guarded.length, 20)
        for (const { method, path } of guarded) {
          const body = method === "GET" || method === "DELETE" ? {} : { body: "{}" }
          const ask = (spelled: string) => asNobody(method, spelled, { headers: stranger, ...body })
          const straight = yield* ask(path)
          assert.strictEqual(at(straight.json, "code"), refusal, `${method} ${path} ${straight.text}`)
          for (const spelled of spellings(path)) {
            const answer = yield* ask(spelled)
            const told = `${method} ${spelled}: ${answer.status} ${answer.text}`
            assert.include([400, 401, 404, 405], answer.status, told)
            const malformed = at(answer.json, "details") === "request: expected HTTP/1.1"
            const code = malformed ? "malformed" : at(answer.json, "code")
            assert.include([refusal, "NOT_FOUND", "METHOD_NOT_ALLOWED", "malformed"], code, told)
          }
        }
      }), 60_000)

    it.effect("no other header that proxies use for the path or the method is looked at", () =>
      Effect.gen(function*() {
        for (const header of ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-uri"]) {
          const headers = { ...stranger, [header]: "/api/integrations/status" }
          const health = yield* asNobody("GET", "/health", { headers })
          assert.deepStrictEqual(health.json, (yield* asNobody("GET", "/health")).json, header)
          const guardedPath = yield* asNobody("GET", "/api/integrations/status", {
            headers: { ...stranger, [header]: "/health" }
          })
          assert.strictEqual(at(guardedPath.json, "code"), refusal, header)
        }
        for (const header of ["x-http-method-override", "x-http-method", "x-method-override"]) {
          const answer = yield* asNobody("POST", "/health", { headers: { [header]: "GET" }, body: "{}" })
          assert.strictEqual(answer.status, 405, header)
        }
      }))
  })
}
