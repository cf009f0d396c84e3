import { CliConfig, Command } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Logger, LogLevel, Option } from "effect"
import { audit } from "./audit.ts"
import { keys } from "./keys.ts"
import { migrateToPostgres } from "./migrateToPostgres.ts"
import { inOneLine } from "./refusal.ts"
import { tokens } from "./tokens.ts"

const program = Command.make("integrations-api").pipe(
  Command.withDescription("What operators of the Integrations API do from a terminal"),
  Command.withSubcommands([tokens, keys, audit, migrateToPostgres]),
  Command.run({ name: "Integrations API", version: "0.1.0" })
)

/** Answers go to stdout, for whoever pipes them; what is said besides goes to stderr. */
const Terminal = Layer.mergeAll(
  CliConfig.layer({ showBuiltIns: false }),
  NodeContext.layer,
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
  Logger.minimumLogLevel(LogLevel.Warning)
)

program(process.argv).pipe(
  Effect.tapErrorCause((cause) => Option.match(inOneLine(cause), { onNone: () => Effect.void, onSome: Console.error })),
  Effect.provide(Terminal),
  (main) => NodeRuntime.runMain(main, { disableErrorReporting: true, disablePrettyLogger: true })
)
