import { Effect } from "effect"
import { connect } from "node:net"

/** What a server sends on a connection on which these bytes came, until it closes it. */
export const exchange = (url: string, ...bytes: ReadonlyArray<string | Uint8Array>) =>
  Effect.async<string>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const chunks: Array<Uint8Array> = []
    const end = () => resume(Effect.succeed(Buffer.concat(chunks).toString("utf8")))
    socket.on("data", (chunk: Uint8Array) => void chunks.push(chunk))
    // A server that closes while we still write resets the connection.
    socket.on("error", end)
    socket.on("close", end)
    for (const some of bytes) socket.write(some)
    return Effect.sync(() => socket.destroy())
  })

/** Status, headers and body of the last answer in it. */
export const lastAnswer = (received: string) => {
  const start = received.lastIndexOf("HTTP/1.1 ")
  const [head = "", body = ""] = received.slice(start).split("\r\n\r\n")
  const [line = "", ...headers] = head.split("\r\n")
  return { status: Number(line.split(" ")[1]), headers, body, json: body === "" ? undefined : JSON.parse(body) }
}
