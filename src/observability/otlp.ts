import * as Otlp from "@effect/opentelemetry/Otlp"
import { NodeHttpClient } from "@effect/platform-node"
import { Config, ConfigError, Duration, Effect, Either, Layer, Option, Redacted, Schedule } from "effect"
import { lookNow } from "./whenLookedAt.ts"

const isHttp = (text: string) => URL.canParse(text) && /^https?:/i.test(text)

/** `key=value,key=value`, values percent-encoded, as OpenTelemetry's specification of the variable says. */
const headersOf = (text: string): Either.Either<Record<string, string>, ConfigError.ConfigError> => {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "").map((pair) => {
    const [, key, value] = /^\s*([!-<>-~]+?)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    return Option.flatMap(
      Option.all({ key: Option.fromNullable(key), value: Option.fromNullable(value) }),
      ({ key, value }) => Option.map(decoded(value), (value) => [key, value] as const)
    )
  })
  return Either.map(
    Either.fromOption(
      Option.all(pairs),
      () => ConfigError.InvalidData(["OTEL_EXPORTER_OTLP_HEADERS"], "expected key=value, separated by commas")
    ),
    Object.fromEntries
  )
}

const decoded = Option.liftThrowable(decodeURIComponent)

/** Where traces, metrics and logs are sent, by OpenTelemetry's own variables; nowhere without an endpoint. */
export const otlp = Config.all({
  endpoint: Config.string("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
    Config.mapOrFail((text) =>
      isHttp(text)
        ? Either.right(text.replace(/\/$/, ""))
        : Either.left(ConfigError.InvalidData(["OTEL_EXPORTER_OTLP_ENDPOINT"], "expected an http or https URL"))
    ),
    Config.option
  ),
  headers: Config.redacted("OTEL_EXPORTER_OTLP_HEADERS").pipe(
    Config.mapOrFail((text) => Either.map(headersOf(Redacted.value(text)), Redacted.make)),
    Config.withDefault(Redacted.make<Record<string, string>>({}))
  ),
  serviceName: Config.nonEmptyString("OTEL_SERVICE_NAME").pipe(Config.withDefault("integrations-api"))
})

/** More often than metrics are sent. */
const lookEvery = Duration.seconds(5)
const looking = Layer.scopedDiscard(
  Effect.forkScoped(Effect.repeat(Effect.sync(lookNow), Schedule.spaced(lookEvery)))
)

/** Sends what is traced, measured and logged, as OTLP over HTTP in JSON. Without an endpoint no span is made at all. */
export const telemetry = ({ endpoint, headers, serviceName }: Config.Config.Success<typeof otlp>) =>
  Option.match(endpoint, {
    onNone: () => Layer.setTracerEnabled(false),
    onSome: (baseUrl) =>
      Otlp.layerJson({ baseUrl, headers: Redacted.value(headers), resource: { serviceName } }).pipe(
        Layer.provide(NodeHttpClient.layerUndici),
        Layer.merge(looking)
      )
  })
