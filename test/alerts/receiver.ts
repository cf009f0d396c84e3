import { Effect, TestClock } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { Webhook } from "standardwebhooks"

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server of an agent's own, which answers each request with a status and notes it. */
export const receiver = (status: number, headers: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.async<{ readonly origin: string; readonly received: Array<Received>; readonly close: () => void }>(
      (resume) => {
        const received: Array<Received> = []
        const server = createServer((request, response) => {
          const chunks: Array<Uint8Array> = []
          request.on("data", (chunk: Uint8Array) => void chunks.push(chunk))
          request.on("end", () => {
            received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") })
            response.writeHead(status, headers).end("<p>whatever</p>")
          })
        })
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" ? address?.port : undefined
          resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, received, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

/** The package looks at the machine's own clock. */
export const today = Effect.suspend(() => TestClock.setTime(Date.now()))

/** What was pushed, if it was signed with this secret. */
export const verified = (signedWith: string, { body, headers }: Received) =>
  Effect.try((): unknown =>
    new Webhook(signedWith).verify(
      body,
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    )
  )
