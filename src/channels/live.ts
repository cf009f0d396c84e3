import { Layer } from "effect"
import { DiscordLive } from "./discord/Discord.ts"
import { SlackLive } from "./slack/Slack.ts"
import { TelegramLive } from "./telegram/Telegram.ts"
import { WhatsAppLive } from "./whatsapp/WhatsApp.ts"

/** Every channel over real HTTP. */
export const ChannelsLive = Layer.mergeAll(SlackLive, DiscordLive, TelegramLive, WhatsAppLive)
