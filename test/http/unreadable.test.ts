import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { maxHeaderBytes } from "../../src/http/limits.ts"
import { notValid } from "./ask.ts"
import { answersIn, exchange } from "./raw.ts"
import { Faked, Service } from "./service.ts"

const host = "host: x\r\n"
const wellFormed = notValid("request: expected HTTP/1.1")
const shorter = notValid(`headers: expected at most ${maxHeaderBytes} bytes, the request line included`)

const send = (bytes: string) => Effect.flatMap(Service, ({ url }) => Effect.map(exchange(url, bytes), answersIn))

layer(Faked())("what is no HTTP", (it) => {
  it.effect("is answered in the documented shape, with a request id, and the connection is closed", () =>
    Effect.gen(function*() {
      const requests = [
        ["noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", wellFormed],
        ["no host", "GET /health HTTP/1.1\r\nconnection: close\r\n\r\n", notValid("host: the header is missing")],
        ["an unknown method", `FETCH /health HTTP/1.1\r\n${host}\r\n`, wellFormed],
        ["a space in the path", `GET /hea lth HTTP/1.1\r\n${host}\r\n`, wellFormed],
        ["a header without a name", `GET /health HTTP/1.1\r\n${host}: x\r\n\r\n`, wellFormed],
        ["NUL in a header", `GET /health HTTP/1.1\r\n${host}x-org-id: a\0b\r\n\r\n`, wellFormed],
        ["a lone CR", `GET /health HTTP/1.1\r\n${host}x-org-id: a\rx: b\r\n\r\n`, wellFormed],
        [
          "two lengths",
          `POST /api/events HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
          wellFormed
        ],
        [
          "a length and chunks",
          `POST /api/events HTTP/1.1\r\n${host}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
          wellFormed
        ],
        ["a long URL", `GET /health?${"x".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, shorter],
        ["a long header", `GET /health HTTP/1.1\r\n${host}x-org-id: ${"x".repeat(20_000)}\r\n\r\n`, shorter]
      ] as const
      for (const [what, bytes, body] of requests) {
        const [answer, ...more] = yield* send(bytes)
        assert.deepStrictEqual([answer?.status, answer?.json], [400, body], what)
        assert.match(String(answer?.headers["x-request-id"]), /^[0-9a-f-]{36}$/, what)
        assert.strictEqual(answer?.headers["connection"], "close", what)
        assert.deepStrictEqual(more, [], what)
      }
    }))

  it.effect("is answered behind what was well-formed, and never within an answer", () =>
    Effect.gen(function*() {
      const answers = yield* send(`GET /health HTTP/1.1\r\n${host}\r\nnoise\r\n\r\n`)
      assert.deepStrictEqual(answers.map(({ status }) => status), [200, 400])
      const body = `POST /api/events HTTP/1.1\r\n${host}x-org-id: org-a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`
      const [broken, ...more] = yield* send(body)
      assert.deepStrictEqual([broken?.status, broken?.json, more], [400, wellFormed, []])
    }))
})
