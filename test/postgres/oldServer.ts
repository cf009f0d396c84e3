import { Effect } from "effect"
import { createServer } from "node:net"

const text = (value: string) => Buffer.from(`${value}\0`)

const message = (type: string, ...parts: ReadonlyArray<Buffer>) => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5, type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const ready = message("Z", Buffer.from("I"))

/** One row of text columns. */
const answer = (row: Readonly<Record<string, string>>) => {
  const columns = Object.entries(row)
  const described = columns.map(([name]) =>
    Buffer.concat([text(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)])
  )
  const values = columns.map(([, value]) => Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]))
  return Buffer.concat([
    message("T", int16(columns.length), ...described),
    message("D", int16(columns.length), ...values),
    message("C", text("SELECT 1")),
    ready
  ])
}

/** As much of PostgreSQL as says which version it is. Answers with its port. */
export const oldServer = (number: string, version: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((socket) => {
        let started = false
        socket.on("error", () => {})
        socket.on("data", () => {
          socket.write(
            started
              ? answer({ number, version, encoding: "UTF8", isolation: "read committed", schema: "public" })
              : Buffer.concat([message("R", int32(0)), ready])
          )
          started = true
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed({
          port: typeof address === "object" && address !== null ? address.port : 0,
          close: () => void server.close()
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
