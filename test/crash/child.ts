import { Command, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Exit, Ref, Schedule, Scope } from "effect"

interface Running {
  readonly kill: Effect.Effect<void>
}

/** The built service as a process of its own, which can be killed and started again. */
export const makeChild = (environment: Readonly<Record<string, string>>, port: number) =>
  Effect.gen(function*() {
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const url = `http://127.0.0.1:${port}`
    const ready = HttpClientRequest.get(`${url}/health/ready`).pipe(
      http.execute,
      Effect.scoped,
      Effect.retry(Schedule.intersect(Schedule.spaced("25 millis"), Schedule.recurs(2000)))
    )
    const current = yield* Ref.make<Running | undefined>(undefined)

    const start = Effect.gen(function*() {
      const scope = yield* Scope.make()
      const child = yield* Command.make("node", "dist/bin/main.js").pipe(
        Command.env({ ...environment, PORT: String(port), LOG_LEVEL: "error" }),
        Command.stdout("inherit"),
        Command.stderr("inherit"),
        Command.start,
        Scope.extend(scope)
      )
      yield* Ref.set(current, {
        kill: Effect.orDie(Effect.zipRight(child.kill("SIGKILL"), Scope.close(scope, Exit.void)))
      })
      yield* ready
    })

    const kill = Effect.flatMap(Ref.getAndSet(current, undefined), (running) => running?.kill ?? Effect.void)
    yield* Effect.addFinalizer(() => kill)
    return { url, start, kill } as const
  })
