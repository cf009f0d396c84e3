import { Array, Config, ConfigError, Data, Duration, Effect, Either, Logger, LogLevel } from "effect"
import { groupWindow } from "./alerts/Batches.ts"
import { clusterAddress } from "./alerts/Cluster.ts"
import { retention } from "./alerts/Retention.ts"
import { serverLimits } from "./http/limits.ts"
import { webhookMaxAge } from "./integrations/linear/webhook.ts"
import { integrations } from "./integrations/registry.ts"
import { otlp } from "./observability/otlp.ts"
import { databaseLocation } from "./persistence/Sql.ts"
import { requiredKeys } from "./services/Keyring.ts"
import { rateLimits } from "./services/RateLimits.ts"
import { auth } from "./services/TokenCheck.ts"
import { trialOrgs } from "./services/WebhookOrgs.ts"
import { outboundAllow } from "./upstream/egress.ts"
import { originsOf, upstreamTimeout } from "./upstream/Upstream.ts"

/** `PAGERDUTY_API_URL` and so on. */
export const origins = originsOf(integrations.map(({ id }) => id))

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/

/** Whether callers from elsewhere may come: only where they are authenticated, here or by a gateway in front. */
const listener = Config.all({
  host: Config.string("HOST").pipe(Config.withDefault("127.0.0.1")),
  trustOrgHeader: Config.boolean("TRUST_ORG_HEADER").pipe(Config.withDefault(false)),
  auth
}).pipe(
  Config.mapOrFail((settings) =>
    settings.auth === "tokens" || loopback.test(settings.host) || settings.trustOrgHeader
      ? Either.right(settings)
      : Either.left(ConfigError.InvalidData(
        ["HOST"],
        "with AUTH=none anybody who reaches this address could act for every organisation: " +
          "set AUTH=tokens, keep a loopback HOST, or set TRUST_ORG_HEADER=true if a gateway in front authenticates callers"
      ))
  )
)

/** How long `/health/ready` says that the process ends before it stops to listen. */
const shutdownDelay = Config.duration("SHUTDOWN_DELAY").pipe(Config.withDefault(Duration.zero))

/** Where to listen, and how to stop. */
export const listen = Config.all({
  listener,
  shutdownDelay,
  port: Config.port("PORT").pipe(Config.withDefault(3000))
}).pipe(Config.map(({ listener, port, shutdownDelay }) => ({ ...listener, port, shutdownDelay })))

/** `LOG_LEVEL`, and `LOG_FORMAT`: `pretty` on a terminal, else `json`. */
export const logging = Config.all({
  level: Config.logLevel("LOG_LEVEL").pipe(Config.withDefault(LogLevel.Info)),
  format: Config.literal("pretty", "json")("LOG_FORMAT").pipe(
    Config.withDefault(process.stdout.isTTY ? "pretty" as const : "json" as const)
  )
})

export const logger = (format: "pretty" | "json") =>
  Logger.replace(
    Logger.defaultLogger,
    format === "pretty" ? Logger.prettyLoggerDefault : Logger.withConsoleLog(Logger.jsonLogger)
  )

/** Each problem by the variable's name, one a line. */
const problems = (error: ConfigError.ConfigError): ReadonlyArray<string> =>
  error._op === "And" || error._op === "Or"
    ? [...problems(error.left), ...problems(error.right)]
    : [`${error.path.join("_")}: ${error.message}`]

export class ConfigurationRefused extends Data.TaggedError("ConfigurationRefused")<{ readonly message: string }> {}

/** Everything that is read from the environment, so that all that is wrong with it is said at once. */
export const settings = Config.all({
  listen,
  logging,
  databaseLocation,
  encryptionKeys: requiredKeys,
  upstreamTimeout,
  trialOrgs,
  groupWindow,
  retention,
  webhookMaxAge,
  serverLimits,
  rateLimits,
  origins,
  outboundAllow,
  otlp,
  clusterAddress
}).pipe(
  Effect.mapError((error) =>
    new ConfigurationRefused({
      message: `The configuration is not valid:\n  ${Array.dedupe(problems(error)).join("\n  ")}`
    })
  )
)
