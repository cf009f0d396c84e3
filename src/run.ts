import { HttpMiddleware, type HttpServer } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, identity, Layer, Logger, Option } from "effect"
import { App } from "./App.ts"
import { ConfigurationRefused, logger, settings } from "./Config.ts"
import { serve } from "./http/Server.ts"
import { telemetry } from "./observability/otlp.ts"
import { DatabaseRefused } from "./persistence/postgres/refusals.ts"

/** What an operator can mend needs no trace of ours. */
const refusalOf = (cause: Cause.Cause<unknown>) =>
  Option.filter(Cause.failureOption(cause), (error) => error instanceof DatabaseRefused)

/** Requests are not taken apart for a span that nobody gets to see. */
const tracedIf = (traced: boolean) => traced ? identity : HttpMiddleware.withTracerDisabledWhen(() => true)

/**
 * Runs the service until it is told to stop: SIGTERM and SIGINT end it with 0 once what is in flight has ended. What
 * keeps it from starting is said in one line where it is configuration, with its cause where it is not.
 *
 * `beside` is what runs next to the server, `around` what the whole process needs first.
 */
export const run = <E = never, R = never>(options: {
  readonly beside?: Layer.Layer<never, E, HttpServer.HttpServer>
  readonly around?: Layer.Layer<never, R>
} = {}): void => {
  const { around = Layer.empty, beside = Layer.empty } = options
  const Service = Layer.unwrapEffect(
    Effect.map(settings, ({ listen, logging, otlp }) =>
      beside.pipe(
        Layer.provide(tracedIf(Option.isSome(otlp.endpoint))(serve(listen))),
        Layer.provide(App),
        // Here, where the configured logger is still at work.
        Layer.tapErrorCause((cause) =>
          Option.match(refusalOf(cause), {
            onNone: () => Effect.logFatal("The service cannot run", cause),
            onSome: ({ message }) => Effect.logFatal(message)
          })
        ),
        Layer.provide(telemetry(otlp)),
        Layer.provide([logger(logging.format), Logger.minimumLogLevel(logging.level)])
      ))
  ).pipe(Layer.provide(around))
  NodeRuntime.runMain(
    Layer.launch(Service).pipe(
      Effect.tapError((error) => error instanceof ConfigurationRefused ? Console.error(error.message) : Effect.void)
    ),
    { disableErrorReporting: true, disablePrettyLogger: true }
  )
}
