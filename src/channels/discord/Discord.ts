import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { discord } from "./definition.ts"
import { dialect } from "./dialect.ts"

export class Discord extends Context.Tag("channels/Discord")<Discord, {
  /** Proves the token, not access to any channel. Source: Discord API v10, `GET /users/@me`. */
  readonly verify: (config: ConfigOf<typeof discord>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
}>() {}

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
        })))
    }
  })
)
