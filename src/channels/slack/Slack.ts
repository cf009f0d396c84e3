import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { SendAlert } from "../../domain/Alert.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { slack } from "./definition.ts"
import { dialect } from "./dialect.ts"
import { message } from "./message.ts"

export class Slack extends Context.Tag("channels/Slack")<Slack, {
  /** Proves the token, not that the bot is in any channel. Source: Slack Web API, `auth.test`. */
  readonly verify: (config: ConfigOf<typeof slack>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
  /** Once: a repeat is a second message. About one message a second is allowed for each channel. */
  readonly send: SendAlert<ConfigOf<typeof slack>>
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
        }))),
      send: ({ botToken }, channelId, alert) =>
        upstream.operation(dialect.vendor)(Effect.as(
          upstream.call({
            dialect,
            operation: "chat.postMessage",
            request: HttpClientRequest.post(`${origin}/api/chat.postMessage`).pipe(
              HttpClientRequest.bearerToken(botToken),
              HttpClientRequest.bodyText(
                JSON.stringify({ channel: channelId, ...message(alert) }),
                "application/json; charset=utf-8"
              )
            ),
            response: Schema.Unknown,
            retry: "never"
          }),
          { pauseMs: 1000 }
        ))
    }
  })
)
