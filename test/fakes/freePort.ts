import { Effect } from "effect"
import { createServer } from "node:net"

/** A port that nobody has at the moment, for a process of its own. */
export const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})
