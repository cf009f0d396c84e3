import { type Headers, HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createHash } from "node:crypto"
import type { SendAlert } from "../../domain/Alert.ts"
import { type UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { discord } from "./definition.ts"
import { dialect } from "./dialect.ts"
import { message } from "./message.ts"

export class Discord extends Context.Tag("channels/Discord")<Discord, {
  /** Proves the token, not access to any channel. Source: Discord API v10, `GET /users/@me`. */
  readonly verify: (config: ConfigOf<typeof discord>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
  /** Once. A repeat for the same delivery within a few minutes is the same message. Source: `enforce_nonce`. */
  readonly send: SendAlert<ConfigOf<typeof discord>>
}>() {}

/** Discord's ids: numbers of up to 64 bits, as text. */
const snowflake = /^\d{1,20}$/

/** At most 25 characters. */
const nonce = (deliveryId: string): string => createHash("sha256").update(deliveryId).digest("hex").slice(0, 25)

/** Until the bucket is full again, once it is empty. The header is in seconds, with a fraction. */
const pauseMs = (headers: Headers.Headers): number => {
  const seconds = Number(headers["x-ratelimit-reset-after"])
  return headers["x-ratelimit-remaining"] === "0" && seconds > 0 && Number.isFinite(seconds)
    ? Math.ceil(seconds * 1000)
    : 0
}

export const DiscordLive = Layer.effect(
  Discord,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = Option.getOrElse((yield* Origins)("discord"), () => "https://discord.com")
    return {
      verify: ({ botToken }) =>
        upstream.operation(dialect.vendor)(Effect.asVoid(upstream.call({
          dialect,
          operation: "users.me",
          request: HttpClientRequest.get(`${origin}/api/v10/users/@me`, {
            headers: { authorization: `Bot ${Redacted.value(botToken)}` }
          }),
          response: Schema.Struct({ id: Schema.String }),
          retry: "transient"
        }))),
      send: ({ botToken }, channelId, alert, deliveryId) => {
        // Whatever else stands there could lead to another path.
        if (!snowflake.test(channelId)) {
          return new UpstreamRejected({
            vendor: dialect.vendor,
            details: "The channel id is not a Discord id: expected digits"
          })
        }
        return upstream.operation(dialect.vendor)(Effect.map(
          upstream.call({
            dialect,
            operation: "channels.messages.create",
            request: HttpClientRequest.post(`${origin}/api/v10/channels/${channelId}/messages`, {
              headers: { authorization: `Bot ${Redacted.value(botToken)}` }
            }).pipe(
              HttpClientRequest.bodyUnsafeJson({ ...message(alert), nonce: nonce(deliveryId), enforce_nonce: true })
            ),
            response: Schema.Struct({ id: Schema.String }),
            retry: "never"
          }),
          ({ headers }) => ({ pauseMs: pauseMs(headers) })
        ))
      }
    }
  })
)
