import { Schema } from "effect"
import { discord } from "./discord/definition.ts"
import { slack } from "./slack/definition.ts"
import { telegram } from "./telegram/definition.ts"
import { whatsapp } from "./whatsapp/definition.ts"

/** The places that an alert can go to, one folder each. */
export const channels = [slack, discord, telegram, whatsapp] as const

export const Channel = Schema.Literal(...channels.map((channel) => channel.id)).annotations({
  identifier: "Channel",
  description: "Channel type"
})
export type Channel = typeof Channel.Type
