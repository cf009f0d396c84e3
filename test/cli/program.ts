import { Context, Data, Effect, Layer, Schedule } from "effect"
import { createServer } from "node:net"
import { makeAsk } from "../http/ask.ts"
import { built, command, service } from "./built.ts"

type Environment = Readonly<Record<string, string>>

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** The service, ready, until the scope ends. */
const ready = (directory: string) => (environment: Environment) =>
  Effect.gen(function*() {
    const port = yield* freePort
    const ask = makeAsk(`http://127.0.0.1:${port}`)
    yield* service(directory, { LOG_LEVEL: "warn", LOG_FORMAT: "json", ...environment, PORT: String(port) })
    yield* Effect.retry(
      Effect.filterOrFail(ask("GET", "/health/ready"), ({ status }) => status === 200),
      Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(400))
    )
    return ask
  })

const programs = Effect.map(built, (directory) => ({
  cli: (environment: Environment) => (...parameters: ReadonlyArray<string>) =>
    command(directory, parameters, environment),
  service: ready(directory)
}))

/** What is built for production. */
export class Programs extends Context.Tag("test/Programs")<Programs, Effect.Effect.Success<typeof programs>>() {
  static readonly layer = Layer.scoped(Programs, programs)
}

class NotYet extends Data.TaggedError("NotYet") {}

/** Looks again every few milliseconds until it holds. */
export const until = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  effect.pipe(
    Effect.filterOrFail(holds, () => new NotYet()),
    Effect.retry({ while: (error) => error instanceof NotYet, schedule: Schedule.spaced("5 millis") })
  )
