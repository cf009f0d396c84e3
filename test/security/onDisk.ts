import { HttpServer } from "@effect/platform"
import { Effect, Layer, Logger, LogLevel } from "effect"
import { App } from "../../src/App.ts"
import { serve } from "../../src/http/Server.ts"
import { environment } from "../fakes/Storage.ts"
import { makeAsk } from "../http/ask.ts"
import { Service } from "../http/service.ts"

/** Rates are for tests that are about them. */
export const unlimited = { RATE_LIMIT: "off", WEBHOOK_RATE_LIMIT: "off", FAILURE_RATE_LIMIT: "off" }

/** The service as in production, over a database file with its key file beside it, and its parts to look into. */
export const onDisk = (
  filename: string,
  variables: Readonly<Record<string, string>> = {},
  logging: Layer.Layer<never> = Logger.minimumLogLevel(LogLevel.None)
) =>
  Layer.effect(
    Service,
    Effect.map(HttpServer.addressFormattedWith(Effect.succeed), (url) => ({ url, ask: makeAsk(url) }))
  ).pipe(
    Layer.provide(serve({ host: "127.0.0.1", port: 0 })),
    Layer.provideMerge(App),
    Layer.provide(logging),
    Layer.provide(environment({ DATABASE_URL: `file:${filename}`, ...unlimited, ...variables }))
  )
