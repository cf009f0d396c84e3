import { Effect, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { freePort } from "../fakes/freePort.ts"
import { makeAsk } from "../http/ask.ts"

const Usage = Schema.Struct({
  rss: Schema.Number,
  heapUsed: Schema.Number,
  external: Schema.Number
})
export type Usage = typeof Usage.Type

/** The built service as a process of its own, on a free port, that tells its memory. */
export const makeChild = (environment: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    /** What it logged as an error. */
    const errors: Array<string> = []
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(
          "node",
          ["--expose-gc", "--import", new URL("memory.mjs", import.meta.url).href, "dist/bin/main.js"],
          {
            env: {
              PATH: process.env["PATH"],
              HOST: "127.0.0.1",
              PORT: String(port),
              LOG_FORMAT: "json",
              ...environment
            },
            stdio: ["ignore", "pipe", "inherit", "ipc"]
          }
        )
        if (child.stdout !== null) {
          createInterface(child.stdout).on("line", (line) => {
            if (/"logLevel":"(?:ERROR|FATAL)"/.test(line) && errors.length < 50) errors.push(line)
          })
        }
        return child
      }),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGTERM")
        })
    )
    yield* Effect.retry(
      Effect.filterOrFail(makeAsk(url)("GET", "/health/ready"), ({ status }) => status === 200),
      Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(200))
    )

    const once = Effect.async<unknown>((resume) => {
      child.once("message", (message) => resume(Effect.succeed(message)))
      child.send("usage")
    }).pipe(Effect.flatMap(Schema.decodeUnknown(Usage)))

    /** Its memory after collections: the least of a few looks, since V8 gives pages back a little after they are free. */
    const usage = Effect.map(Effect.replicateEffect(Effect.delay(once, "1 second"), 6), (looks): Usage => ({
      rss: Math.min(...looks.map(({ rss }) => rss)),
      heapUsed: Math.min(...looks.map(({ heapUsed }) => heapUsed)),
      external: Math.min(...looks.map(({ external }) => external))
    }))

    return { url, usage, errors } as const
  })
