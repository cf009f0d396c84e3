import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { failure, notValid } from "./ask.ts"
import { exchange, lastAnswer } from "./rawSocket.ts"
import { as, asNobody, Faked, newOrg, Service } from "./service.ts"

/** What comes back on a connection of its own. */
const answered = (...bytes: ReadonlyArray<string | Uint8Array>) =>
  Effect.flatMap(Service, ({ url }) => Effect.map(exchange(url, ...bytes), lastAnswer))

const refused = (received: ReturnType<typeof lastAnswer>, details: string) => {
  assert.deepStrictEqual([received.status, received.json], [400, notValid(details)])
  assert.include(received.headers, "content-type: application/json")
}

const late = "request: did not arrive in time"
const limits = { HEADERS_TIMEOUT: "150 millis", REQUEST_TIMEOUT: "300 millis", KEEP_ALIVE_TIMEOUT: "100 millis" }
const head = "POST /api/channel-routes HTTP/1.1\r\nhost: localhost\r\nx-org-id: org-slow\r\n"

layer(Faked({ environment: limits }), { excludeTestServices: true })("a slow client", (it) => {
  it.effect("whose head never ends is told so, and let go", () =>
    Effect.gen(function*() {
      refused(yield* answered("GET /health HTTP/1.1\r\nhost: loc"), late)
      refused(yield* answered(head), late)
    }))

  it.effect("whose body never ends is told so, and let go", () =>
    Effect.gen(function*() {
      refused(yield* answered(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"ev`), late)
      refused(yield* answered(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"eve\r\n`), late)
    }))

  it.effect("that says nothing is let go, before its first request and after it", () =>
    Effect.gen(function*() {
      yield* answered()
      const { headers, status } = yield* answered("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
      assert.strictEqual(status, 200)
      assert.include(headers, "Connection: keep-alive")
    }))

  it.effect("leaves nothing behind: others are served", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(Effect.fork(answered(head)), 50)
      assert.strictEqual((yield* as(yield* newOrg)("GET", "/api/channel-routes")).status, 200)
    }))
})

layer(Faked({ environment: { KEEP_ALIVE_TIMEOUT: "100 millis" } }), { excludeTestServices: true })(
  "what is no request",
  (it) => {
    it.effect("for the size of its head gets the documented shape", () =>
      Effect.gen(function*() {
        const details = "headers: expected at most 16384 bytes, the request line included"
        refused(yield* answered(`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(20_000)}\r\n\r\n`), details)
        refused(yield* answered(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`), details)
        const many = Array.from({ length: 1000 }, (_, index) => `x-${index}: some longer value\r\n`).join("")
        refused(yield* answered(`GET /health HTTP/1.1\r\nhost: localhost\r\n${many}\r\n`), details)
      }))

    it.effect("for the length of its URL does too, with a request id", () =>
      Effect.gen(function*() {
        const ask = as(yield* newOrg)
        const answer = yield* ask("GET", `/api/channel-routes?a=${"x".repeat(8 * 1024)}`)
        assert.deepStrictEqual([answer.status, answer.json], [400, notValid("url: expected at most 8192 characters")])
        assert.isString(answer.headers["x-request-id"])
        assert.strictEqual((yield* ask("GET", `/api/channel-routes?a=${"x".repeat(8000)}`)).status, 200)
      }))

    it.effect("for being no HTTP does too", () =>
      Effect.gen(function*() {
        for (
          const bytes of [
            "nonsense\r\n\r\n",
            "GET /health HTTP/9.9\r\n\r\n",
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
            "GET /health HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
            "GET /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "POST /api/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
          ]
        ) refused(yield* answered(bytes), "request: expected HTTP/1.1")
      }))

    it.effect("for naming no host, or several, does too", () =>
      Effect.gen(function*() {
        refused(yield* answered("GET /health HTTP/1.1\r\n\r\n"), "host: the header is missing")
        assert.strictEqual((yield* answered("GET /health HTTP/1.0\r\n\r\n")).status, 200)
      }))

    it.effect("for what it expects, or for asking for a tunnel, does too", () =>
      Effect.gen(function*() {
        refused(
          yield* answered("GET /health HTTP/1.1\r\nhost: localhost\r\nexpect: miracles\r\n\r\n"),
          "expect: expected 100-continue"
        )
        const tunnel = yield* answered("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n")
        assert.deepStrictEqual([tunnel.status, tunnel.json], [404, failure(404, "NOT_FOUND", "No such path")])
      }))

    it.effect(
      "for asking for another protocol is served as it is: nobody waits for its body for ever",
      () =>
        Effect.gen(function*() {
          const body = JSON.stringify({ eventType: "sentry.*", channel: "slack", channelId: "C0" })
          for (const upgrade of ["websocket", "h2c"]) {
            const answer = yield* answered(
              `${head}connection: upgrade\r\nupgrade: ${upgrade}\r\ncontent-type: application/json\r\n` +
                `content-length: ${body.length}\r\n\r\n${body}`
            )
            assert.strictEqual(answer.status, 201, answer.body)
          }
        }),
      10_000
    )

    it.effect("in the middle of answers that were right follows them", () =>
      Effect.gen(function*() {
        const { url } = yield* Service
        const received = yield* exchange(url, "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n", "nonsense\r\n\r\n")
        assert.include(received, "{\"status\":\"ok\"}")
        refused(lastAnswer(received), "request: expected HTTP/1.1")
        assert.strictEqual((yield* asNobody("GET", "/health")).status, 200)
      }))
  }
)
