import { Clock, Context, Effect, Layer, Option } from "effect"
import { Discord } from "../../src/channels/discord/Discord.ts"
import { Slack } from "../../src/channels/slack/Slack.ts"
import { Telegram } from "../../src/channels/telegram/Telegram.ts"
import { WhatsApp } from "../../src/channels/whatsapp/WhatsApp.ts"
import type { Sent } from "../../src/domain/Alert.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { Origins } from "../../src/upstream/Upstream.ts"
import { Networked } from "../fakes/Outbound.ts"
import { type Answer, refusal, result, sent } from "../fakes/Upstream.ts"
import { critical } from "./alerts.ts"
import { answering, botToken, type Channel, channels } from "./verify.ts"

type Send = (
  to: string
) => Effect.Effect<Sent, UpstreamFailed | UpstreamRejected, Slack | Discord | Telegram | WhatsApp>

/** Sends the critical alert as delivery `delivery-1`. */
export const sends: { readonly [Id in Channel]: Send } = {
  slack: (to) => Effect.flatMap(Slack, ({ send }) => send({ botToken }, to, critical, "delivery-1")),
  discord: (to) => Effect.flatMap(Discord, ({ send }) => send({ botToken }, to, critical, "delivery-1")),
  telegram: (to) => Effect.flatMap(Telegram, ({ send }) => send({ botToken }, to, critical, "delivery-1")),
  whatsapp: (to) =>
    Effect.flatMap(
      WhatsApp,
      ({ send }) => send({ accessToken: botToken, phoneNumberId: "15550001111" }, to, critical, "delivery-1")
    )
}

/** What one message sends, and what becomes of it. */
export const posted = (channel: Channel, to: string, ...script: ReadonlyArray<Answer>) =>
  Effect.gen(function*() {
    const outcome = yield* result(sends[channel](to))
    return { outcome, calls: yield* sent }
  }).pipe(Effect.provide(answering(script)))

/** How a message ends that gets this answer. A second request is a defect, and so is a wait. */
export const turnedDown = (channel: Channel, answer: Answer) =>
  Effect.gen(function*() {
    const error = yield* refusal(sends[channel]("1200000000000000101"))
    const waited = yield* Clock.currentTimeMillis
    if (waited > 0) return yield* Effect.dieMessage(`It waited for ${waited} ms`)
    return error._tag === "UpstreamFailed"
      ? [error.reason, error.details, error.retryAfterMs]
      : ["rejected", error.details]
  }).pipe(Effect.provide(answering([answer])))

/** A channel over real HTTP before a stand-in. */
export const over = <I, S>(channel: Context.Tag<I, S>, url: string) =>
  Effect.map(
    Layer.build(channels.pipe(
      Layer.provide([Networked(), Layer.succeed(Origins, () => Option.some(url))])
    )),
    (context) => Context.unsafeGet(context, channel)
  )
