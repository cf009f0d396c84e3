import { DateTime, Effect, Layer, type Schema } from "effect"
import { AgentEndpoints } from "../alerts/AgentEndpoints.ts"
import { type Line, Notifier, Paused } from "../alerts/Notifier.ts"
import type { Alert, Sent } from "../domain/Alert.ts"
import { agentChannel, type Destination } from "../domain/Delivery.ts"
import { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import { Integrations } from "../services/Integrations.ts"
import { discord } from "./discord/definition.ts"
import { Discord, DiscordLive } from "./discord/Discord.ts"
import type { Channel } from "./registry.ts"
import { slack } from "./slack/definition.ts"
import { Slack, SlackLive } from "./slack/Slack.ts"
import { telegram } from "./telegram/definition.ts"
import { Telegram, TelegramLive } from "./telegram/Telegram.ts"
import { whatsapp } from "./whatsapp/definition.ts"
import { WhatsApp, WhatsAppLive } from "./whatsapp/WhatsApp.ts"

/** Every channel over real HTTP. */
export const ChannelsLive = Layer.mergeAll(SlackLive, DiscordLive, TelegramLive, WhatsAppLive)

type Open = (destination: Destination) => Effect.Effect<Line, Paused>

type Send<Config> = (
  config: Config,
  channelId: string,
  alert: Alert,
  deliveryId: string
) => Effect.Effect<Sent, UpstreamFailed | UpstreamRejected>

/** A route of a channel that is no more. */
const unknownChannel: Line = {
  config: "",
  send: () => new UpstreamRejected({ vendor: "The service", details: "There is no such channel any more" })
}

/** A channel in the registry that has no entry here does not compile. */
export const NotifierLive = Layer.effect(
  Notifier,
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const endpoints = yield* AgentEndpoints

    const over = <Config, I>(
      definition: { readonly id: string; readonly displayName: string; readonly Config: Schema.Schema<Config, I> },
      send: Send<Config>
    ): Open => {
      const connection = integrations.connect(definition)
      const vendor = definition.displayName
      return ({ channelId, orgId }) =>
        Effect.gen(function*() {
          const { row } = yield* Effect.mapError(
            connection.open(orgId),
            ({ message }) => new Paused({ config: "", details: message })
          )
          const config = DateTime.formatIso(row.configuredAt)
          // Asked again and again with dead credentials, some vendors shut out everybody at our address.
          if (row.refusedAt !== null) {
            return yield* new Paused({ config, details: `${vendor} rejected the credentials: configure it anew` })
          }
          return {
            config,
            send: ({ alert, deliveryId }) =>
              connection.send(orgId, (config) => send(config, channelId, alert, deliveryId)).pipe(
                Effect.catchTag("IntegrationNotConfigured", ({ message: details }) =>
                  new UpstreamFailed({ vendor, reason: "unavailable", details }))
              )
          }
        })
    }

    const channels: { readonly [Id in Channel]: Open } = {
      slack: over(slack, (yield* Slack).send),
      discord: over(discord, (yield* Discord).send),
      telegram: over(telegram, (yield* Telegram).send),
      whatsapp: over(whatsapp, (yield* WhatsApp).send)
    }
    const lines: ReadonlyMap<string, Open> = new Map(Object.entries(channels)).set(
      agentChannel,
      (destination) =>
        Effect.succeed({
          config: "",
          send: (notification) => endpoints.push(destination, notification)
        })
    )

    return (destination) => lines.get(destination.channel)?.(destination) ?? Effect.succeed(unknownChannel)
  })
)
