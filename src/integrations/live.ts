import { Effect, Layer } from "effect"
import { Discord } from "../channels/discord/Discord.ts"
import { Slack } from "../channels/slack/Slack.ts"
import { Telegram } from "../channels/telegram/Telegram.ts"
import { WhatsApp } from "../channels/whatsapp/WhatsApp.ts"
import type { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import type { ConfigOf } from "../domain/Integration.ts"
import { CredentialChecks } from "../services/CredentialChecks.ts"
import { LinearHttp } from "./linear/Http.ts"
import { Linear, LinearLive } from "./linear/Linear.ts"
import { PagerDutyHttp } from "./pagerduty/Http.ts"
import { PagerDuty, PagerDutyLive } from "./pagerduty/PagerDuty.ts"
import type { integrations } from "./registry.ts"
import { SentryHttp } from "./sentry/Http.ts"
import { Sentry, SentryLive } from "./sentry/Sentry.ts"

/** Every vendor over real HTTP. */
export const VendorsLive = Layer.mergeAll(PagerDutyLive, LinearLive, SentryLive)

/** The vendors' parts of the API. */
export const VendorsHttp = Layer.mergeAll(PagerDutyHttp, LinearHttp, SentryHttp)

/** The config of each integration, by id. */
type Configs = { [I in typeof integrations[number] as I["id"]]: ConfigOf<I> }
type Check<Config> = (config: Config) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>

/** An integration in the registry that has no entry here does not compile. */
export const CredentialChecksLive = Layer.effect(
  CredentialChecks,
  Effect.gen(function*() {
    const checks: { [Id in keyof Configs]: Check<Configs[Id]> } = {
      pagerduty: (yield* PagerDuty).verify,
      linear: (yield* Linear).verify,
      sentry: (yield* Sentry).verify,
      slack: (yield* Slack).verify,
      discord: (yield* Discord).verify,
      telegram: (yield* Telegram).verify,
      whatsapp: (yield* WhatsApp).verify
    }
    const check = <Id extends keyof Configs>(id: Id, config: Configs[Id]) => checks[id](config)
    return ({ config, integration }) => check(integration, config)
  })
)
