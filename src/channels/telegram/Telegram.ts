import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { SendAlert, Sent } from "../../domain/Alert.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { telegram } from "./definition.ts"
import { dialect, movedTo } from "./dialect.ts"
import { message } from "./message.ts"

export class Telegram extends Context.Tag("channels/Telegram")<Telegram, {
  /** Proves the token, not membership of any chat. Source: Telegram Bot API, `getMe`. */
  readonly verify: (config: ConfigOf<typeof telegram>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
  /** Once: a repeat is a second message. A group that has become a supergroup is followed to its new id. */
  readonly send: SendAlert<ConfigOf<typeof telegram>>
}>() {}

/** A number where the id is one; otherwise the name of a channel, `@acme_status`. */
const chatId = (channelId: string): number | string =>
  /^-?\d+$/.test(channelId) && Number.isSafeInteger(Number(channelId)) ? Number(channelId) : channelId

/**
 * About one message a second for each chat, and 20 a minute for each group, whose ids are negative. Channels' ids are
 * negative too, and are taken for groups. UNVERIFIED: Telegram's FAQ.
 */
const pauseMs = (channelId: string): number => channelId.startsWith("-") ? 3000 : 1000

export const TelegramLive = Layer.effect(
  Telegram,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = Option.getOrElse((yield* Origins)("telegram"), () => "https://api.telegram.org")
    // Encoded, so that no token can become another path.
    const method = (token: Redacted.Redacted, name: string) =>
      `${origin}/bot${encodeURIComponent(Redacted.value(token))}/${name}`
    return {
      verify: ({ botToken }) =>
        upstream.operation(dialect.vendor)(Effect.asVoid(upstream.call({
          dialect,
          operation: "getMe",
          request: HttpClientRequest.get(method(botToken, "getMe")),
          secrets: [botToken],
          response: Schema.Struct({ ok: Schema.Literal(true) }),
          retry: "transient"
        }))),
      send: ({ botToken }, channelId, alert) => {
        const sendTo = (id: string): Effect.Effect<Sent, VendorFailure> =>
          Effect.as(
            upstream.call({
              dialect,
              operation: "sendMessage",
              request: HttpClientRequest.post(method(botToken, "sendMessage")).pipe(
                HttpClientRequest.bodyUnsafeJson({ chat_id: chatId(id), ...message(alert) })
              ),
              secrets: [botToken],
              response: Schema.Struct({ ok: Schema.Literal(true) }),
              retry: "never"
            }),
            { pauseMs: pauseMs(id) }
          )
        return upstream.operation(dialect.vendor)(Effect.catchAll(sendTo(channelId), (failure) => {
          const newId = movedTo(failure)
          return newId === undefined
            ? Effect.fail(failure)
            : Effect.map(sendTo(newId), (sent): Sent => ({ ...sent, movedTo: newId }))
        }))
      }
    }
  })
)
