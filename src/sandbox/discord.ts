import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, DateTime, Effect, Ref, Schema } from "effect"
import type { DiscordSeed } from "./chatRecords.ts"
import { discordSeed } from "./chatSeed.ts"
import { type ChatMessage, type ChatStandIn, makeStandIn, Refused, type StartedIn } from "./StandIn.ts"

export type { DiscordSeed } from "./chatRecords.ts"

/** One bucket for each route and channel: so many calls from the first one until it is full again. */
const bucketSize = 5
const bucketMs = 1000

/** `resetAfter` in seconds. */
const bucket = (remaining: number, nowMs: number, resetAfter: number) => ({
  "x-ratelimit-limit": String(bucketSize),
  "x-ratelimit-remaining": String(Math.max(0, remaining)),
  "x-ratelimit-reset": ((nowMs / 1000) + resetAfter).toFixed(3),
  "x-ratelimit-reset-after": resetAfter.toFixed(3),
  "x-ratelimit-bucket": "80c17d2f203122d936070c88c8d10f33"
})
const json = (body: unknown, status = 200) => HttpServerResponse.unsafeJson(body, { status })
const refuse = (status: number, code: number, message: string, errors?: unknown) =>
  new Refused({ response: json({ message, code, ...(errors === undefined ? {} : { errors }) }, status) })
const invalid = (field: string, code: string, message: string) =>
  refuse(400, 50035, "Invalid Form Body", { [field]: { _errors: [{ code, message }] } })
const tooLong = (field: string, most: number) =>
  invalid(field, "BASE_TYPE_MAX_LENGTH", `Must be ${most} or fewer in length.`)

const Text = Schema.optional(Schema.NullOr(Schema.String))
const Embed = Schema.Struct({
  title: Text,
  description: Text,
  footer: Schema.optional(Schema.Struct({ text: Schema.String })),
  author: Schema.optional(Schema.Struct({ name: Schema.String })),
  fields: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })))
}, { key: Schema.String, value: Schema.Unknown })
const Message = Schema.Struct({
  content: Text,
  embeds: Schema.optional(Schema.Array(Embed)),
  allowed_mentions: Schema.optional(Schema.Struct({ parse: Schema.optional(Schema.Array(Schema.String)) })),
  nonce: Schema.optional(Schema.Union(Schema.String, Schema.Int)),
  enforce_nonce: Schema.optional(Schema.Boolean)
})

type Embed = typeof Embed.Type

const embedLimits: ReadonlyArray<readonly [string, number, (embed: Embed) => ReadonlyArray<string>]> = [
  ["title", 256, (embed) => [embed.title ?? ""]],
  ["description", 4096, (embed) => [embed.description ?? ""]],
  ["footer", 2048, (embed) => [embed.footer?.text ?? ""]],
  ["author", 256, (embed) => [embed.author?.name ?? ""]],
  ["name", 256, (embed) => (embed.fields ?? []).map((field) => field.name)],
  ["value", 1024, (embed) => (embed.fields ?? []).map((field) => field.value)]
]

const checkEmbeds = (embeds: ReadonlyArray<Embed>) =>
  Effect.gen(function*() {
    if (embeds.length > 10) return yield* tooLong("embeds", 10)
    for (const embed of embeds) {
      if ((embed.fields ?? []).length > 25) return yield* tooLong("fields", 25)
      for (const [name, most, texts] of embedLimits) {
        if (texts(embed).some((text) => text.length > most)) return yield* tooLong(name, most)
      }
    }
    const total = embeds.flatMap((embed) => embedLimits.flatMap(([, , texts]) => texts(embed))).join("").length
    if (total > 6000) {
      return yield* invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    }
  })

const throttled = (resetAfter: number, nowMs: number) =>
  HttpServerResponse.unsafeJson({ message: "You are being rate limited.", retry_after: resetAfter, global: false }, {
    status: 429,
    headers: {
      ...bucket(0, nowMs, resetAfter),
      "retry-after": String(Math.ceil(resetAfter)),
      "x-ratelimit-scope": "user"
    }
  })

/** How long a nonce is remembered: the documentation says "a few minutes". */
const nonceMs = 300_000

/** Discord's HTTP API, version 10. */
export const makeDiscord = (
  options: { readonly port?: number; readonly seed?: DiscordSeed } = {}
): StartedIn<ChatStandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? discordSeed
    interface Posted extends ChatMessage {
      readonly nonce: string | null
    }
    const messages = yield* Ref.make<ReadonlyArray<Posted>>([])

    const channel = Effect.gen(function*() {
      const { id } = yield* HttpRouter.params
      if (!/^\d{17,20}$/.test(id ?? "")) {
        return yield* invalid("channel_id", "NUMBER_TYPE_COERCE", `Value "${id}" is not snowflake.`)
      }
      const found = seed.channels.find((one) => one.id === id)
      if (found === undefined) return yield* refuse(404, 10003, "Unknown Channel")
      if (found.access === "none") return yield* refuse(403, 50001, "Missing Access")
      return found
    })

    const post = Effect.gen(function*() {
      const { access, id } = yield* channel
      const message = yield* HttpServerRequest.schemaBodyJson(Message).pipe(
        Effect.mapError(() => refuse(400, 50109, "The request body contains invalid JSON."))
      )
      if (access !== "post") return yield* refuse(403, 50013, "Missing Permissions")
      const content = message.content ?? ""
      if (content.length > 2000) return yield* tooLong("content", 2000)
      yield* checkEmbeds(message.embeds ?? [])
      if (content === "" && !message.embeds?.length) return yield* refuse(400, 50006, "Cannot send an empty message")
      const nonce = message.nonce === undefined ? null : String(message.nonce)
      if (nonce !== null && nonce.length > 25) return yield* tooLong("nonce", 25)
      const atMs = yield* Clock.currentTimeMillis
      // Without allowed_mentions every mention in the text pings.
      const pings = message.allowed_mentions === undefined ||
        message.allowed_mentions.parse?.includes("everyone") === true
      const posted = yield* Ref.modify(messages, (all): readonly [unknown, ReadonlyArray<Posted>] => {
        const existing = all.find((one) =>
          nonce !== null && one.channelId === id && one.nonce === nonce && atMs - one.atMs < nonceMs
        )
        if (existing !== undefined && message.enforce_nonce) return [existing.raw, all]
        const raw = {
          id: String(1_300_000_000_000_000_000n + BigInt(all.length + 1)),
          channel_id: id,
          author: { ...seed.bot, bot: true },
          content,
          embeds: message.embeds ?? [],
          timestamp: DateTime.formatIso(DateTime.unsafeMake(atMs)),
          mention_everyone: pings && /@(everyone|here)\b/.test(content),
          type: 0,
          ...(nonce === null ? {} : { nonce })
        }
        const text = [content, ...(message.embeds ?? []).flatMap(({ description, title }) => [title, description])]
          .filter(Boolean).join("\n")
        return [raw, [...all, { channelId: id, text, raw, atMs, nonce }]]
      })
      return json(posted)
    })

    const authenticated = Effect.gen(function*() {
      const { authorization } = (yield* HttpServerRequest.HttpServerRequest).headers
      if (!seed.tokens.some((token) => authorization === `Bot ${token}`)) {
        return yield* refuse(401, 0, "401: Unauthorized")
      }
    })

    const buckets = yield* Ref.make<ReadonlyMap<string, { readonly left: number; readonly resetMs: number }>>(new Map())

    /** Takes one call from the bucket; `left` is negative where there was none. */
    const take = (key: string, nowMs: number) =>
      Ref.modify(buckets, (all) => {
        const before = all.get(key)
        const { left, resetMs } = before === undefined || before.resetMs <= nowMs
          ? { left: bucketSize, resetMs: nowMs + bucketMs }
          : before
        const after = { left: left - 1, resetMs }
        return [after, new Map([...all, [key, after]])]
      })

    const standIn = yield* makeStandIn({
      vendor: "discord",
      app: HttpRouter.empty.pipe(
        HttpRouter.get("/api/v10/users/@me", Effect.succeed(json({ ...seed.bot, bot: true, discriminator: "0001" }))),
        HttpRouter.get(
          "/api/v10/channels/:id",
          Effect.map(channel, (one) => json({ id: one.id, name: one.name, guild_id: one.guildId, type: 0 }))
        ),
        HttpRouter.post("/api/v10/channels/:id/messages", post),
        HttpRouter.use((handler) =>
          Effect.gen(function*() {
            yield* authenticated
            const { method, url } = yield* HttpServerRequest.HttpServerRequest
            const nowMs = yield* Clock.currentTimeMillis
            const { left, resetMs } = yield* take(`${method} ${url}`, nowMs)
            const resetAfter = (resetMs - nowMs) / 1000
            if (left < 0) return throttled(resetAfter, nowMs)
            const answer = yield* Effect.catchTag(handler, "Refused", ({ response }) => Effect.succeed(response))
            return HttpServerResponse.setHeaders(answer, bucket(left, nowMs, resetAfter))
          })
        )
      ),
      notFound: json({ message: "404: Not Found", code: 0 }, 404),
      throttled,
      failed: (status) =>
        json({ message: `${status}: ${status >= 500 ? "Internal Server Error" : "Error"}`, code: 0 }, status),
      lying: json([]),
      views: { messages: Ref.get(messages) }
    }, options)
    return { ...standIn, messages: Ref.get(messages) }
  })
