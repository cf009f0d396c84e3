import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { telegram } from "./definition.ts"
import { dialect } from "./dialect.ts"

export class Telegram extends Context.Tag("channels/Telegram")<Telegram, {
  /** Proves the token, not membership of any chat. Source: Telegram Bot API, `getMe`. */
  readonly verify: (config: ConfigOf<typeof telegram>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
}>() {}

export const TelegramLive = Layer.effect(
  Telegram,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = Option.getOrElse((yield* Origins)("telegram"), () => "https://api.telegram.org")
    return {
      verify: ({ botToken }) =>
        upstream.operation(dialect.vendor)(Effect.asVoid(upstream.call({
          dialect,
          operation: "getMe",
          // Encoded, so that no token can become another path.
          request: HttpClientRequest.get(`${origin}/bot${encodeURIComponent(Redacted.value(botToken))}/getMe`),
          response: Schema.Struct({ ok: Schema.Literal(true) }),
          retry: "transient"
        })))
    }
  })
)
