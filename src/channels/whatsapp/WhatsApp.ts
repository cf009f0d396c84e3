import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { SendAlert } from "../../domain/Alert.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import type { whatsapp } from "./definition.ts"
import { dialect } from "./dialect.ts"
import { message } from "./message.ts"

export class WhatsApp extends Context.Tag("channels/WhatsApp")<WhatsApp, {
  /** Proves the token and the phone number id. Source: Cloud API, `GET /{version}/{phone-number-id}`. */
  readonly verify: (config: ConfigOf<typeof whatsapp>) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
  /**
   * Once: a repeat is a second message. Success means that Meta took the message; that it could not be delivered is
   * told later, by the status webhook alone.
   */
  readonly send: SendAlert<ConfigOf<typeof whatsapp>>
}>() {}

/** Graph API versions expire after about two years. */
const version = "v23.0"

export const WhatsAppLive = Layer.effect(
  WhatsApp,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = Option.getOrElse((yield* Origins)("whatsapp"), () => "https://graph.facebook.com")
    return {
      verify: ({ accessToken, phoneNumberId }) =>
        upstream.operation(dialect.vendor)(Effect.asVoid(upstream.call({
          dialect,
          operation: "phoneNumber.get",
          request: HttpClientRequest.get(`${origin}/${version}/${encodeURIComponent(phoneNumberId)}`).pipe(
            HttpClientRequest.setUrlParam("fields", "display_phone_number,verified_name,quality_rating"),
            HttpClientRequest.bearerToken(accessToken)
          ),
          response: Schema.Struct({ id: Schema.String }),
          retry: "transient"
        }))),
      send: (config, channelId, alert) =>
        upstream.operation(dialect.vendor)(Effect.as(
          upstream.call({
            dialect,
            operation: "messages.send",
            request: HttpClientRequest.post(
              `${origin}/${version}/${encodeURIComponent(config.phoneNumberId)}/messages`
            ).pipe(
              HttpClientRequest.bearerToken(config.accessToken),
              HttpClientRequest.bodyUnsafeJson({
                messaging_product: "whatsapp",
                to: channelId.replace(/^\+/, ""),
                ...message(alert, config)
              })
            ),
            response: Schema.Struct({ messages: Schema.NonEmptyArray(Schema.Struct({ id: Schema.String })) }),
            retry: "never"
          }),
          { pauseMs: 0 }
        ))
    }
  })
)
