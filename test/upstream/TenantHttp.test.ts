import { HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Effect, Layer, Logger, Ref, Schema, TestClock } from "effect"
import { createServer } from "node:http"
import { createServer as createTcpServer, type Server } from "node:net"
import { Resolver, Unresolved } from "../../src/upstream/Resolver.ts"
import { TenantHttp } from "../../src/upstream/TenantHttp.ts"
import { Upstream } from "../../src/upstream/Upstream.ts"
import { environment } from "../fakes/Storage.ts"
import { shownBy } from "../fakes/Upstream.ts"
import { read, thing } from "./acme.ts"

const listening = (server: Server, host: string) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, host, () => {
        const address = server.address()
        resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

/** A server that speaks HTTP, on one of this machine's addresses. */
const speaking = (host = "127.0.0.1") =>
  Effect.gen(function*() {
    const asked: Array<string | undefined> = []
    const server = createServer((request, response) => {
      asked.push(request.headers.host)
      response.setHeader("connection", "close")
      if (request.url === "/moved") return response.writeHead(302, { location: "http://127.0.0.2/" }).end()
      if (request.url === "/endless") {
        const more = () => {
          while (response.write("x".repeat(65_536)));
          response.once("drain", more)
        }
        return more()
      }
      return response.end(JSON.stringify(thing))
    })
    return { port: yield* listening(server, host), asked }
  })

/** Counts who comes, and hangs up. */
const counting = (host: string) =>
  Effect.gen(function*() {
    const come = { count: 0 }
    const port = yield* listening(
      createTcpServer((socket) => {
        come.count++
        socket.destroy()
      }),
      host
    )
    return { port, come }
  })

type Answers = Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>>

/** Calls to tenants' URLs, where the n-th look-up of a name gets its n-th answer, and the log of it all. */
const given = <A, E>(
  { allow = "", answers = {}, tenantUrl = true }: {
    readonly allow?: string
    readonly answers?: Answers
    readonly tenantUrl?: boolean
  },
  use: (seen: {
    readonly get: (url: string) => Effect.Effect<unknown, Effect.Effect.Error<ReturnType<typeof read>>>
    readonly lookups: Effect.Effect<ReadonlyArray<string>>
    readonly log: Effect.Effect<string>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const lookups = yield* Ref.make<ReadonlyArray<string>>([])
    const lines: Array<string> = []
    const Lookups = Layer.succeed(Resolver, (name) =>
      Effect.gen(function*() {
        const before = (yield* Ref.getAndUpdate(lookups, Array.append(name))).filter((one) => one === name).length
        const all = answers[name] ?? []
        const found = all[Math.min(before, all.length - 1)] ?? []
        return Array.isNonEmptyReadonlyArray(found) ? found : yield* new Unresolved({ code: "ENOTFOUND" })
      }))
    const context = yield* Layer.build(
      Layer.orDie(Upstream.Default).pipe(
        Layer.provide([NodeHttpClient.layerUndici, Layer.orDie(TenantHttp.layer)]),
        Layer.provide(Lookups),
        Layer.provide(environment({ OUTBOUND_ALLOW: allow, UPSTREAM_TIMEOUT: "30 days" })),
        Layer.merge(
          Logger.replace(Logger.defaultLogger, Logger.map(Logger.jsonLogger, (line) => void lines.push(line)))
        )
      )
    )
    return yield* use({
      get: (url) =>
        Effect.raceFirst(
          Effect.provide(
            Effect.map(
              read({ request: HttpClientRequest.get(url), tenantUrl, response: Schema.Any, retry: "never" }),
              ({ value }): unknown => value
            ),
            context
          ),
          Effect.forever(TestClock.adjust("250 millis"))
        ),
      lookups: Ref.get(lookups),
      log: Effect.sync(() => lines.join("\n"))
    })
  })

const notPublic = "The address is not allowed: expected a host on the public Internet"

describe("a tenant's URL", () => {
  it.scoped("that spells out an inner address is not connected to", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* speaking()
      yield* given({}, ({ get, lookups }) =>
        Effect.gen(function*() {
          for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"]) {
            const error = yield* Effect.flip(get(`https://${host}:${port}/secret`))
            deepStrictEqual([error._tag, error.details], ["UpstreamRejected", notPublic], host)
          }
          const plain = yield* Effect.flip(get(`http://agents.acme.test:${port}/`))
          assert.strictEqual(plain.details, "The address is not allowed: expected an https URL")
          deepStrictEqual(yield* lookups, [])
        }))
      deepStrictEqual(asked, [])
    }))

  it.scoped("whose name leads inside is not connected to, and only the log says where it led", () =>
    Effect.gen(function*() {
      const { come, port } = yield* counting("127.0.0.1")
      const answers = {
        "rebound.acme.test": [["127.0.0.1"]],
        "mapped.acme.test": [["::ffff:127.0.0.1"]],
        // An honest address beside it does not help, whichever comes first.
        "mixed.acme.test": [["93.184.215.14", "127.0.0.1"]],
        "turned.acme.test": [["127.0.0.1", "93.184.215.14"]],
        "odd.acme.test": [["not an address"]]
      }
      yield* given({ answers }, ({ get, log }) =>
        Effect.gen(function*() {
          for (const host of Object.keys(answers)) {
            const error = yield* Effect.flip(get(`https://${host}:${port}/hooks?key=cAnArY`))
            deepStrictEqual([error._tag, error.details], ["UpstreamRejected", notPublic], host)
            assert.notInclude(shownBy(error), "127.0.0.1")
            assert.notInclude(shownBy(error), host)
          }
          const logged = yield* log
          assert.include(logged, "127.0.0.1")
          assert.include(logged, "rebound.acme.test")
          assert.notInclude(logged, "cAnArY")
        }))
      assert.strictEqual(come.count, 0)
    }))

  it.scoped("is connected to where it was checked, and checked anew for the next connection", () =>
    Effect.gen(function*() {
      const first = yield* counting("127.0.0.1")
      const answers = { "flips.acme.test": [["127.0.0.1"], ["127.0.0.2"]] }
      const second = yield* counting("127.0.0.2")
      yield* given({ allow: "127.0.0.1", answers }, ({ get, lookups }) =>
        Effect.gen(function*() {
          const cut = yield* Effect.flip(get(`https://flips.acme.test:${first.port}/`))
          assert.strictEqual(cut._tag, "UpstreamFailed")
          // One look-up for one connection: there is no second answer to be fooled by.
          deepStrictEqual([yield* lookups, first.come.count], [["flips.acme.test"], 1])
          const refused = yield* Effect.flip(get(`https://flips.acme.test:${second.port}/`))
          deepStrictEqual([refused._tag, refused.details], ["UpstreamRejected", notPublic])
          deepStrictEqual([first.come.count, second.come.count], [1, 0])
        }))
    }))

  it.scoped("that has no address is a failure that may pass", () =>
    given({}, ({ get }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(get("https://nowhere.acme.test/"))
        deepStrictEqual([error._tag, error.details], ["UpstreamFailed", "Acme could not be reached (ENOTFOUND)"])
      })))

  it.scoped("that the operator allows is called, at the port that is allowed", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* speaking()
      yield* given({ allow: `http://127.0.0.1:${port}, http://localhost:${port}` }, ({ get, lookups }) =>
        Effect.gen(function*() {
          deepStrictEqual(yield* get(`http://127.0.0.1:${port}/`), thing)
          deepStrictEqual(yield* get(`http://localhost:${port}/`), thing)
          yield* Effect.flip(get(`http://127.0.0.1:${port + 1}/`))
          deepStrictEqual(yield* lookups, [])
        }))
      deepStrictEqual(asked, [`127.0.0.1:${port}`, `localhost:${port}`])
    }))

  it.scoped("may not redirect", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* speaking()
      yield* given({ allow: "http://127.0.0.1" }, ({ get }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(get(`http://127.0.0.1:${port}/moved`))
          assert.strictEqual(error.details, "Acme answered with something unexpected (302)")
        }))
      assert.lengthOf(asked, 1)
    }))

  it.scoped("may not answer without end", () =>
    Effect.gen(function*() {
      const { port } = yield* speaking()
      yield* given({ allow: "http://127.0.0.1" }, ({ get }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(get(`http://127.0.0.1:${port}/endless`))
          assert.strictEqual(error.details, "The connection to Acme was cut")
        }))
    }))
})

describe("a vendor's URL", () => {
  it.scoped("is the operator's word, and not looked at", () =>
    Effect.gen(function*() {
      const { port } = yield* speaking()
      yield* given({ tenantUrl: false }, ({ get }) =>
        Effect.map(get(`http://127.0.0.1:${port}/`), (got) => deepStrictEqual(got, thing)))
    }))
})
