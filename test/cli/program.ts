import { Context, Data, Effect, Layer, Schedule } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { makeAsk } from "../http/ask.ts"

const root = join(import.meta.dirname, "..", "..")

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

class NotRun extends Data.TaggedError("NotRun")<{ readonly cause: unknown }> {}

class NotYet extends Data.TaggedError("NotYet") {}

type Environment = Readonly<Record<string, string>>

/** A process of its own. Interrupting it is SIGKILL. */
const run = (args: ReadonlyArray<string>, environment: Environment) =>
  Effect.async<Ran, NotRun>((resume) => {
    const child = spawn(process.execPath, args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk: Buffer) => void (stdout += chunk.toString("utf8")))
    child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString("utf8")))
    child.on("error", (cause) => resume(Effect.fail(new NotRun({ cause }))))
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.async<void>((ended) => {
      child.on("close", () => ended(Effect.void))
      child.kill("SIGKILL")
    })
  })

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/**
 * The programs as they are bundled. Within the project, because a native package is not bundled with them and is looked
 * for from there.
 */
const bundled = Effect.gen(function*() {
  const cache = join(root, "node_modules", ".cache")
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(cache, { recursive: true })
      return mkdtempSync(join(cache, "programs-"))
    }),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
  )
  const { code, stderr } = yield* run(["bundle.mjs", directory], {})
  if (code !== 0) return yield* new NotRun({ cause: stderr })

  const cli = (environment: Environment) => (...args: ReadonlyArray<string>) =>
    run([join(directory, "cli", "main.js"), ...args], environment)

  /** The service, ready, until the scope ends. */
  const service = (environment: Environment) =>
    Effect.gen(function*() {
      const port = yield* freePort
      const ask = makeAsk(`http://127.0.0.1:${port}`)
      const running = yield* Effect.forkScoped(
        run([join(directory, "main.js")], { LOG_LEVEL: "warn", LOG_FORMAT: "json", ...environment, PORT: String(port) })
      )
      yield* Effect.retry(
        Effect.filterOrFail(ask("GET", "/health/ready"), ({ status }) => status === 200),
        Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(400))
      )
      return { ask, running }
    })

  return { cli, service }
})

export class Programs extends Context.Tag("test/Programs")<Programs, Effect.Effect.Success<typeof bundled>>() {
  static readonly layer = Layer.scoped(Programs, bundled)
}

/** Looks again every few milliseconds until it holds. */
export const until = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  effect.pipe(
    Effect.filterOrFail(holds, () => new NotYet()),
    Effect.retry({ while: (error) => error instanceof NotYet, schedule: Schedule.spaced("5 millis") })
  )
