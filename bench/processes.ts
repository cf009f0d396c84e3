import { Data, Effect, Schedule } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { collects, type Usage, usageAsked } from "./usage.ts"

export class BenchFailed extends Data.TaggedError("BenchFailed")<{ readonly message: string }> {}

export const freePort = Effect.async<number, BenchFailed>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() =>
      resume(
        typeof address === "object" && address !== null
          ? Effect.succeed(address.port)
          : new BenchFailed({ message: "No port is free" })
      )
    )
  })
})

export interface Spawned {
  readonly name: string
  readonly pid: number
  /** Sends a message; for those that are answered, gives the answer. */
  readonly tell: (message: object | string) => Effect.Effect<void, BenchFailed>
  readonly ask: <A>(message: object | string) => Effect.Effect<A, BenchFailed>
}

/** Long enough for the longest run of load. */
const patience = "120 seconds"

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const exit = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (ended(child)) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

/** Told to end, and killed where it does not. */
const stop = (child: ChildProcess) =>
  Effect.sync(() => void child.kill("SIGTERM")).pipe(
    Effect.zipRight(Effect.timeoutTo(Effect.interruptible(exit(child)), {
      duration: "15 seconds",
      onSuccess: () => undefined,
      onTimeout: () => undefined
    })),
    Effect.zipRight(Effect.suspend(() => {
      if (ended(child)) return Effect.void
      child.kill("SIGKILL")
      return exit(child)
    }))
  )

export interface SpawnOptions {
  readonly name: string
  /** Below `dist`. */
  readonly entry: string
  /** Where what it writes goes, and profiles. */
  readonly directory: string
  readonly variables?: Readonly<Record<string, string>>
  readonly nodeOptions?: ReadonlyArray<string>
}

/** Only what a Node process needs: settings of the shell that started the benchmark are not to change figures. */
const inherited = Object.fromEntries(
  ["PATH", "HOME", "TMPDIR", "TZ"].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
)

const logOf = ({ directory, name }: SpawnOptions) => join(directory, `${name}.log`)

const lastWords = (options: SpawnOptions) => readFileSync(logOf(options), "utf8").slice(-2000)

/** A Node process that ends with the scope. */
export const spawn = (options: SpawnOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const log = openSync(logOf(options), "a")
      const child = fork(join("dist", options.entry), [], {
        env: { ...inherited, ...options.variables },
        execArgv: [...options.nodeOptions ?? []],
        stdio: ["ignore", log, log, "ipc"],
        // JSON has no NaN.
        serialization: "advanced"
      })
      closeSync(log)
      return child
    }),
    stop
  ).pipe(Effect.map((child): Spawned => {
    const gone = () => new BenchFailed({ message: `${options.name} has ended:\n${lastWords(options)}` })
    const tell = (message: object | string) =>
      Effect.async<void, BenchFailed>((resume) => {
        if (!child.connected) return resume(gone())
        child.send(message, (error) => resume(error === null ? Effect.void : gone()))
      })
    // One question at a time: whoever asks waits for the answer.
    const ask = <A>(message: object | string) =>
      Effect.async<A, BenchFailed>((resume) => {
        const leave = () => void child.off("message", onMessage).off("exit", onExit)
        const onMessage = (answer: A) => {
          leave()
          resume(Effect.succeed(answer))
        }
        const onExit = () => {
          leave()
          resume(gone())
        }
        if (!child.connected) return resume(gone())
        child.on("message", onMessage).on("exit", onExit)
        child.send(message)
        return Effect.sync(leave)
      }).pipe(
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () => new BenchFailed({ message: `${options.name} does not answer` })
        })
      )
    return { name: options.name, pid: child.pid ?? 0, tell, ask }
  }))

export interface Server extends Spawned {
  readonly url: string
  /** From its start until it answered that it is ready. */
  readonly readyMs: number
  readonly usage: Effect.Effect<Usage, BenchFailed>
  /** After a garbage collection. */
  readonly collected: Effect.Effect<Usage, BenchFailed>
}

/** A process that answers `GET /health/ready` with 200 once it is ready, on a free port. */
export const serve = (options: SpawnOptions) =>
  Effect.gen(function*() {
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const started = performance.now()
    const process = yield* spawn({
      ...options,
      variables: { HOST: "127.0.0.1", PORT: String(port), ...options.variables },
      nodeOptions: ["--expose-gc", "--import", "./dist/bench/probe.js", ...options.nodeOptions ?? []]
    })
    yield* Effect.tryPromise({
      try: (signal) => fetch(`${url}/health/ready`, { signal }),
      catch: () => new BenchFailed({ message: `${options.name} does not get ready:\n${lastWords(options)}` })
    }).pipe(
      Effect.filterOrFail(({ ok }) => ok, () =>
        new BenchFailed({ message: `${options.name} says that it is not ready` })),
      Effect.retry(Schedule.intersect(Schedule.spaced("10 millis"), Schedule.recurs(3000)))
    )
    const readyMs = performance.now() - started
    return {
      ...process,
      url,
      readyMs,
      usage: process.ask<Usage>(usageAsked),
      collected: process.ask<Usage>(collects)
    } satisfies Server
  })
