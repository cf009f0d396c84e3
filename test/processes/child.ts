import { Command, type CommandExecutor, HttpClient, HttpClientRequest } from "@effect/platform"
import { Data, Effect, Exit, Ref, Schedule, Scope } from "effect"

/** The process ended while somebody waited for it to be ready. */
export class Ended extends Data.TaggedError("Ended")<{ readonly port: number }> {}

interface Running {
  readonly child: CommandExecutor.Process
  readonly scope: Scope.CloseableScope
}

/** The built service as a process of its own, which can be killed, stopped and started again. */
export const makeChild = (
  environment: Readonly<Record<string, string>>,
  port: number,
  /** Where what it says goes; by default where the test's own goes. */
  { log }: { readonly log?: string } = {}
) =>
  Effect.gen(function*() {
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const url = `http://127.0.0.1:${port}`
    const ready = HttpClientRequest.get(`${url}/health/ready`).pipe(
      http.execute,
      Effect.scoped,
      Effect.retry(Schedule.intersect(Schedule.spaced("25 millis"), Schedule.recurs(2000)))
    )
    const current = yield* Ref.make<Running | undefined>(undefined)
    const taken = Ref.getAndSet(current, undefined)

    const program = log === undefined
      ? Command.make("node", "dist/bin/main.js").pipe(Command.stdout("inherit"), Command.stderr("inherit"))
      : Command.make("sh", "-c", "exec node dist/bin/main.js >>\"$LOG\" 2>&1").pipe(Command.env({ LOG: log }))

    const start = Effect.gen(function*() {
      const scope = yield* Scope.make()
      const child = yield* program.pipe(
        Command.env({ LOG_LEVEL: "error", ...environment, PORT: String(port) }),
        Command.start,
        Scope.extend(scope)
      )
      yield* Ref.set(current, { child, scope })
      const ended = Effect.zipRight(Effect.exit(child.exitCode), new Ended({ port }))
      yield* Effect.raceFirst(ready, ended)
    })

    const kill = Effect.flatMap(taken, (running) =>
      running === undefined
        ? Effect.void
        : Effect.zipRight(Effect.ignore(running.child.kill("SIGKILL")), Scope.close(running.scope, Exit.void)))

    /** As an operator ends it. Gives what it ended with; `None` where a signal ended it. */
    const end = Effect.flatMap(taken, (running) =>
      running === undefined
        ? Effect.succeedNone
        : running.child.kill("SIGTERM").pipe(
          Effect.zipRight(Effect.option(running.child.exitCode)),
          Effect.ensuring(Scope.close(running.scope, Exit.void))
        ))

    const send = (signal: "SIGSTOP" | "SIGCONT") =>
      Effect.flatMap(Ref.get(current), (running) =>
        Effect.sync(() => {
          if (running !== undefined) process.kill(Number(running.child.pid), signal)
        }))

    yield* Effect.addFinalizer(() => kill)
    return { url, start, kill, end, stop: send("SIGSTOP"), resume: send("SIGCONT") } as const
  })

export type Child = Effect.Effect.Success<ReturnType<typeof makeChild>>
