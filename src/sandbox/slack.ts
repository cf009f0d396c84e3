import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, Effect, Ref, Schema } from "effect"
import type { SlackSeed } from "./chatRecords.ts"
import { slackSeed } from "./chatSeed.ts"
import { type ChatMessage, type ChatStandIn, makeStandIn, Refused, type StartedIn } from "./StandIn.ts"

export type { SlackSeed } from "./chatRecords.ts"

const json = (body: unknown) => HttpServerResponse.unsafeJson(body)
const refuse = (error: string) => new Refused({ response: json({ ok: false, error }) })

const Message = Schema.Struct({
  channel: Schema.optional(Schema.String),
  text: Schema.optional(Schema.String),
  blocks: Schema.optional(
    Schema.Array(Schema.Struct({
      type: Schema.String,
      text: Schema.optional(Schema.Struct({ type: Schema.String, text: Schema.String }))
    }, { key: Schema.String, value: Schema.Unknown })).pipe(Schema.maxItems(50))
  )
}, { key: Schema.String, value: Schema.Unknown })

/** Slack's Web API: every answer is HTTP 200, success only where `ok` is true. Throttling alone is a 429. */
export const makeSlack = (
  options: { readonly port?: number; readonly seed?: SlackSeed } = {}
): StartedIn<ChatStandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? slackSeed
    const messages = yield* Ref.make<ReadonlyArray<ChatMessage>>([])

    const authenticated = Effect.gen(function*() {
      const { authorization } = (yield* HttpServerRequest.HttpServerRequest).headers
      if (authorization === undefined) return yield* refuse("not_authed")
      const token = seed.tokens[authorization.replace(/^Bearer /, "")]
      if (token === undefined || !authorization.startsWith("Bearer ")) return yield* refuse("invalid_auth")
      if (token === "revoked") return yield* refuse("token_revoked")
    })

    const post = Effect.gen(function*() {
      yield* authenticated
      const request = yield* HttpServerRequest.HttpServerRequest
      if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
        return yield* refuse("invalid_form_data")
      }
      const raw = yield* Effect.mapError(request.json, () => refuse("invalid_json"))
      const message = yield* Effect.mapError(Schema.decodeUnknown(Message)(raw), (problem) =>
        refuse(problem.message.includes("\"blocks\"") ? "invalid_blocks" : "invalid_arguments"))
      const channel = seed.channels.find((one) =>
        one.id === message.channel
      )
      if (channel === undefined) return yield* refuse("channel_not_found")
      if (channel.isArchived) return yield* refuse("is_archived")
      if (!channel.isMember) return yield* refuse("not_in_channel")
      if (!message.text && !message.blocks?.length) return yield* refuse("no_text")
      // A section's text holds 3000 characters, a header's 150.
      const tooLong = message.blocks?.some((block) =>
        (block.text?.text.length ?? 0) > (block.type === "header" ? 150 : 3000)
      )
      if (tooLong) return yield* refuse("invalid_blocks")
      const atMs = yield* Clock.currentTimeMillis
      // The text is cut at 40 000 characters, with a warning.
      const text = (message.text ?? "").slice(0, 40_000)
      const stored = yield* Ref.modify(messages, (all) => {
        const ts = `${Math.floor(atMs / 1000)}.${String(all.length + 1).padStart(6, "0")}`
        const raw = { ...message, text, type: "message", user: seed.bot.userId, bot_id: seed.bot.botId, ts }
        return [raw, [...all, { channelId: channel.id, text, raw, atMs }]]
      })
      return json({
        ok: true,
        channel: channel.id,
        ts: stored.ts,
        message: stored,
        ...(text.length < (message.text ?? "").length ? { response_metadata: { warnings: ["message_truncated"] } } : {})
      })
    })

    const identity = Effect.as(
      authenticated,
      json({
        ok: true,
        url: seed.team.url,
        team: seed.team.name,
        team_id: seed.team.id,
        user: seed.bot.name,
        user_id: seed.bot.userId,
        bot_id: seed.bot.botId,
        is_enterprise_install: false
      })
    )

    const standIn = yield* makeStandIn({
      vendor: "slack",
      app: HttpRouter.empty.pipe(
        HttpRouter.post("/api/chat.postMessage", post),
        HttpRouter.post("/api/auth.test", identity),
        HttpRouter.get("/api/auth.test", identity)
      ),
      notFound: json({ ok: false, error: "unknown_method" }),
      throttled: (seconds) =>
        HttpServerResponse.unsafeJson({ ok: false, error: "ratelimited" }, {
          status: 429,
          headers: { "retry-after": String(Math.ceil(seconds)) }
        }),
      failed: (status) => HttpServerResponse.text("upstream error", { status }),
      lying: json({ ok: false, error: "internal_error" }),
      views: { messages: Ref.get(messages) }
    }, options)
    return { ...standIn, messages: Ref.get(messages) }
  })
