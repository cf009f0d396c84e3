import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, TestClock } from "effect"
import { createServer, type RequestListener } from "node:http"
import { Networked } from "../fakes/Outbound.ts"
import { read, thing } from "./acme.ts"

/** A server on a free port, and what it was asked. */
const listening = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly asked: ReadonlyArray<string>; readonly close: () => void }>(
      (resume) => {
        const asked: Array<string> = []
        const server = createServer((request, response) => {
          asked.push(`${request.method} ${request.url}`)
          listener(request, response)
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = address !== null && typeof address === "object" ? address.port : 0
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, asked, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const live = (timeout: string) => Networked({ UPSTREAM_TIMEOUT: timeout })

/** A read while the test's clock runs as fast as it can. */
const get = (url: string) =>
  Effect.raceFirst(
    read({ request: HttpClientRequest.get(url) }),
    Effect.forever(TestClock.adjust("250 millis"))
  )

/** So long that a slow machine does not reach it. */
const patient = live("30 days")

describe("over a real connection", () => {
  it.scoped("reads JSON", () =>
    Effect.gen(function*() {
      const { url } = yield* listening((_, response) => response.end(JSON.stringify(thing)))
      deepStrictEqual((yield* get(`${url}/thing`)).value, thing)
    }).pipe(Effect.provide(patient)))

  it.scoped("does not follow a redirect", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* listening((request, response) =>
        request.url === "/first"
          ? response.writeHead(302, { location: "/second" }).end()
          : response.end(JSON.stringify(thing))
      )
      const error = yield* Effect.flip(get(`${url}/first`))
      assert.strictEqual(error.details, "Acme answered with something unexpected (302)")
      deepStrictEqual(asked, ["GET /first"])
    }).pipe(Effect.provide(patient)))

  it.scoped("cuts a body that stalls", () =>
    Effect.gen(function*() {
      const { url } = yield* listening((_, response) => {
        response.writeHead(200, { "content-type": "application/json" })
        response.write("{\"thing\":")
      })
      const error = yield* Effect.flip(get(url))
      assert.strictEqual(error.details, "Request timeout after 10000ms")
    }).pipe(Effect.provide(live("10 seconds"))))

  it.scoped("says that nobody listens, and not where", () =>
    Effect.gen(function*() {
      const { close, url } = yield* listening((_, response) => response.end())
      close()
      const error = yield* Effect.flip(get(url))
      assert.strictEqual(error.details, "Acme could not be reached (ECONNREFUSED)")
    }).pipe(Effect.provide(patient)))

  it.scoped("says that the connection was cut in the middle of an answer", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* listening((request, response) => {
        response.writeHead(200, { "content-type": "application/json" })
        response.write("{", () => request.socket.destroy())
      })
      const error = yield* Effect.flip(get(url))
      assert.strictEqual(error.details, "The connection to Acme was cut")
      assert.strictEqual(asked.length, 4)
    }).pipe(Effect.provide(patient)))
})
