import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { slack } from "./definition.ts"
import { dialect } from "./dialect.ts"

export class Slack extends Context.Tag("channels/Slack")<Slack, {
  /** Proves the token, not that the bot is in any channel. Source: Slack Web API, `auth.test`. */
  readonly verify: (config: ConfigOf<typeof slack>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
}>() {}

export const SlackLive = Layer.effect(
  Slack,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = Option.getOrElse((yield* Origins)("slack"), () => "https://slack.com")
    return {
      verify: ({ botToken }) =>
        upstream.operation(dialect.vendor)(Effect.asVoid(upstream.call({
          dialect,
          operation: "auth.test",
          request: HttpClientRequest.post(`${origin}/api/auth.test`).pipe(HttpClientRequest.bearerToken(botToken)),
          response: Schema.Unknown,
          retry: "transient"
        })))
    }
  })
)
