import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Fiber } from "effect"
import { createSocket } from "node:dgram"
import * as Resolving from "../../src/upstream/Resolver.ts"

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

const A = 1
const AAAA = 28

type Zone = Readonly<Record<string, Readonly<Record<number, ReadonlyArray<ReadonlyArray<number>>>>>>

/** The name that is asked for, and where in the message what comes after it begins. */
const questionOf = (message: Buffer) => {
  const labels: Array<string> = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.subarray(at + 1, at + 1 + length).toString("latin1"))
    at += 1 + length
  }
  return { name: labels.join("."), end: at + 5, type: message.readUInt16BE(at + 1) }
}

/** A name server with these addresses, which does not answer for names that begin with `silent`. RFC 1035, 4.1. */
const nameServer = (zone: Zone) =>
  Effect.acquireRelease(
    Effect.async<{ readonly address: string; readonly asked: ReadonlyArray<string>; readonly close: () => void }>(
      (resume) => {
        const asked: Array<string> = []
        const socket = createSocket("udp4")
        socket.on("message", (message, peer) => {
          const { end, name, type } = questionOf(message)
          asked.push(name)
          if (name.startsWith("silent")) return
          const known = zone[name.toLowerCase()]
          const records = known?.[type] ?? []
          const header = Buffer.alloc(12)
          message.copy(header, 0, 0, 2)
          header.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
          header.writeUInt16BE(1, 4)
          header.writeUInt16BE(records.length, 6)
          const answers = records.map((bytes) =>
            Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes])
          )
          socket.send(Buffer.concat([header, message.subarray(12, end), ...answers]), peer.port, peer.address)
        })
        socket.bind(0, "127.0.0.1", () => {
          const { port } = socket.address()
          resume(Effect.succeed({ address: `127.0.0.1:${port}`, asked, close: () => socket.close() }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]

const resolve = (name: string, server: string) =>
  Effect.flatMap(Resolving.Resolver, (resolve) => resolve(name)).pipe(
    Effect.map((found) => found.toSorted()),
    Effect.provide(Resolving.layer([server]))
  )

describe("a name", () => {
  it.scopedLive("has all of its addresses, of both kinds", () =>
    Effect.gen(function*() {
      const { address } = yield* nameServer({
        "both.acme.test": { [A]: [[93, 184, 215, 14], [10, 0, 0, 1]], [AAAA]: [mapped] },
        "four.acme.test": { [A]: [[93, 184, 215, 14]] },
        "six.acme.test": { [AAAA]: [mapped] },
        "none.acme.test": {}
      })
      deepStrictEqual(yield* resolve("both.acme.test", address), ["10.0.0.1", "93.184.215.14", "::ffff:127.0.0.1"])
      deepStrictEqual(yield* resolve("four.acme.test", address), ["93.184.215.14"])
      deepStrictEqual(yield* resolve("six.acme.test", address), ["::ffff:127.0.0.1"])
      for (const name of ["none.acme.test", "unknown.acme.test"]) {
        assert.strictEqual((yield* Effect.flip(resolve(name, address))).code, "ENOTFOUND")
      }
    }))

  it.scopedLive("whose server does not answer keeps no other from being found, however many wait", () =>
    Effect.gen(function*() {
      const { address, asked } = yield* nameServer({ "four.acme.test": { [A]: [[93, 184, 215, 14]] } })
      const waiting = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => `silent-${index}.acme.test`),
        (name) => Effect.fork(resolve(name, address))
      )
      yield* Effect.repeat(turn, { until: () => asked.length >= 100 })
      deepStrictEqual(yield* resolve("four.acme.test", address), ["93.184.215.14"])
      yield* Fiber.interruptAll(waiting)
    }))
})
