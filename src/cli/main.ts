import { CliConfig, Command, ValidationError } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Layer, Logger, LogLevel } from "effect"
import { migrateToPostgres } from "./migrateToPostgres.ts"

const program = Command.make("integrations-api").pipe(
  Command.withDescription("What operators of the Integrations API do from a terminal"),
  Command.withSubcommands([migrateToPostgres]),
  Command.run({ name: "Integrations API", version: "0.1.0" })
)

/** Answers go to stdout; what is said besides goes to stderr. */
const Terminal = Layer.mergeAll(
  CliConfig.layer({ showBuiltIns: false }),
  NodeContext.layer,
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
  Logger.minimumLogLevel(LogLevel.Warning)
)

/** In one line; what does not parse, `@effect/cli` tells of itself. */
const told = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (ValidationError.isValidationError(error) || Cause.isInterruptedOnly(cause)) return Effect.void
  return Console.error((error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " "))
}

program(process.argv).pipe(
  Effect.tapErrorCause(told),
  Effect.provide(Terminal),
  (main) => NodeRuntime.runMain(main, { disableErrorReporting: true, disablePrettyLogger: true })
)
