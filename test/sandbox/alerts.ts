import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { discord } from "../../src/channels/discord/definition.ts"
import { slack } from "../../src/channels/slack/definition.ts"
import { telegram } from "../../src/channels/telegram/definition.ts"
import { whatsapp } from "../../src/channels/whatsapp/definition.ts"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import type { ChatMessage } from "../../src/sandbox/StandIn.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { advance, turns } from "../fakes/turns.ts"
import { at } from "../http/ask.ts"
import { as } from "../http/service.ts"

/** A place in each stand-in of a channel that takes messages. */
export const places = {
  [slack.id]: "C0ALERTS",
  [discord.id]: "1200000000000000101",
  [telegram.id]: "-1001234567890",
  [whatsapp.id]: "5511987654321"
} as const

export type ChannelId = keyof typeof places
export const channels: ReadonlyArray<ChannelId> = ["slack", "discord", "telegram", "whatsapp"]

export const org = "org-acme-corp"
export const acme = as(org)

/** Connects the organisation to every stand-in, or to those that are named. */
export const configured = (...only: ReadonlyArray<string>) =>
  Effect.forEach(
    sandboxCredentials.filter(({ integration }) => only.length === 0 || only.includes(integration)),
    (body) => acme("POST", "/api/integrations/configure", { body }),
    { discard: true }
  )

/** A route for everything. Answers with its id. */
export const route = (channel: ChannelId, channelId: string = places[channel]) =>
  Effect.map(
    acme("POST", "/api/channel-routes", { body: { eventType: "*", channel, channelId } }),
    ({ json }) => String(at(json, "id"))
  )

export const emit = (title: string, more: object = {}) =>
  acme("POST", "/api/events", { body: { type: "deploy.finished", title, ...more } })

/** Lets everything that is due at this moment of the test's clock happen. Requests under way come to their end. */
export const settled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.repeat(Effect.zipRight(turns(100), sql`SELECT 1 FROM deliveries WHERE status = 'delivering'`), {
    until: (sending) => sending.length === 0
  })
})

/** Moves the clock on, `step` seconds at a time, and never while a request is under way: no deadline passes. */
export const pass = (seconds: number, step = 0.5) =>
  Effect.zipRight(
    Effect.repeatN(Effect.zipRight(settled, advance(`${step} seconds`)), Math.ceil(seconds / step) - 1),
    settled
  )

/** What was received by a stand-in, as text: what is shown, and what the vendor has of it. */
export const wordsOf = ({ raw, text }: ChatMessage): string => `${text}\n${JSON.stringify(raw)}`

export const received = (channel: ChannelId) => Effect.flatMap(StandIns, (standIns) => standIns[channel].messages)

const listOf = (json: unknown, name: string): ReadonlyArray<unknown> => {
  const list = at(json, name)
  return Array.isArray(list) ? list : []
}

/** Every delivery with its attempts, the oldest first, as the API shows them. */
export const log = Effect.gen(function*() {
  const ids = listOf((yield* acme("GET", "/api/deliveries?limit=100")).json, "deliveries").map((one) => at(one, "id"))
  const details = yield* Effect.forEach(
    ids.toReversed(),
    (id) => Effect.map(acme("GET", `/api/deliveries/${String(id)}`), ({ json }) => json)
  )
  return details.map((delivery) => ({ delivery, attempts: listOf(delivery, "attempts") }))
})

/** The deliveries of one channel: how each stands, why, and how its attempts ended. */
export const standing = (channel: ChannelId) =>
  Effect.map(
    log,
    (all) =>
      all.filter(({ delivery }) => at(delivery, "channel") === channel).map(({ attempts, delivery }) => ({
        status: at(delivery, "status"),
        lastError: at(delivery, "lastError"),
        outcomes: attempts.map((attempt) => at(attempt, "outcome"))
      }))
  )
