import { Effect, Layer, Redacted } from "effect"
import { Discord, DiscordLive } from "../../src/channels/discord/Discord.ts"
import { Slack, SlackLive } from "../../src/channels/slack/Slack.ts"
import { Telegram, TelegramLive } from "../../src/channels/telegram/Telegram.ts"
import { WhatsApp, WhatsAppLive } from "../../src/channels/whatsapp/WhatsApp.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { type Answer, refusal, result, sent, shownBy, upstream } from "../fakes/Upstream.ts"

/** A token that no answer and no error may hold. */
export const canary = "123456789:cAnArY-token_0123456789"
export const botToken = Redacted.make(canary)

export type Channel = "slack" | "discord" | "telegram" | "whatsapp"

type Check = Effect.Effect<void, UpstreamFailed | UpstreamRejected, Slack | Discord | Telegram | WhatsApp>

export const checks: { readonly [Id in Channel]: Check } = {
  slack: Effect.flatMap(Slack, (slack) => slack.verify({ botToken })),
  discord: Effect.flatMap(Discord, (discord) => discord.verify({ botToken })),
  telegram: Effect.flatMap(Telegram, (telegram) => telegram.verify({ botToken })),
  whatsapp: Effect.flatMap(
    WhatsApp,
    (whatsapp) => whatsapp.verify({ accessToken: botToken, phoneNumberId: "106540352242922" })
  )
}

export const channels = Layer.mergeAll(SlackLive, DiscordLive, TelegramLive, WhatsAppLive)

/** Every channel before a vendor that follows the script. */
export const answering = (script: ReadonlyArray<Answer>, origin?: string) =>
  Layer.provideMerge(channels, upstream(script, origin === undefined ? {} : { origin }))

/** What a good check sends. */
export const asked = (channel: Channel, answer: Answer, origin?: string) =>
  Effect.gen(function*() {
    yield* result(checks[channel])
    return yield* sent
  }).pipe(Effect.provide(answering([answer], origin)))

/** How a check ends that gets this answer, each time. */
export const refused = (channel: Channel, answer: Answer) =>
  Effect.gen(function*() {
    const error = yield* refusal(checks[channel])
    return {
      kind: error._tag === "UpstreamFailed" ? error.reason : "rejected",
      details: error.details,
      retryAfterMs: error._tag === "UpstreamFailed" ? error.retryAfterMs : undefined,
      calls: (yield* sent).length,
      shown: shownBy(error)
    }
  }).pipe(Effect.provide(answering([answer, answer, answer, answer])))
