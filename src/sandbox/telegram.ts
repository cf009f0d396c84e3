import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, Effect, Ref, Schema } from "effect"
import type { TelegramSeed } from "./chatRecords.ts"
import { telegramSeed } from "./chatSeed.ts"
import { type ChatMessage, type ChatStandIn, makeStandIn, Refused, searchParams, type StartedIn } from "./StandIn.ts"

export type { TelegramSeed } from "./chatRecords.ts"

const refusal = (error_code: number, description: string, parameters?: Readonly<Record<string, number>>) =>
  HttpServerResponse.unsafeJson(
    { ok: false, error_code, description, ...(parameters === undefined ? {} : { parameters }) },
    { status: error_code }
  )
const refuse = (...args: Parameters<typeof refusal>) => new Refused({ response: refusal(...args) })
const ok = (result: unknown) => HttpServerResponse.unsafeJson({ ok: true, result })

const Parameters = Schema.Struct({
  chat_id: Schema.optional(Schema.Union(Schema.Number, Schema.String)),
  text: Schema.optional(Schema.String),
  parse_mode: Schema.optional(Schema.String)
}, { key: Schema.String, value: Schema.Unknown })

/** Telegram refuses a whole message for one bad entity; these two are what unescaped alert text runs into. */
const badEntity = (text: string, mode: string | undefined) => {
  if (mode === "MarkdownV2") {
    const [found] = /(?<!\\)[.!\-=+{}#|>]/.exec(text) ?? []
    return found === undefined ? null : `Character '${found}' is reserved and must be escaped with the preceding '\\'`
  }
  if (mode === "HTML") {
    const [, tag] = /<(?!\/?(?:b|strong|i|em|u|s|code|pre|a|blockquote|tg-spoiler)\b)([^\s>]*)/.exec(text) ?? []
    return tag === undefined ? null : `Unsupported start tag "${tag}"`
  }
  return null
}

/** Telegram's Bot API, with the token in the path. */
export const makeTelegram = (
  options: { readonly port?: number; readonly seed?: TelegramSeed } = {}
): StartedIn<ChatStandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? telegramSeed
    const messages = yield* Ref.make<ReadonlyArray<ChatMessage>>([])
    const me = {
      id: seed.bot.id,
      is_bot: true,
      first_name: seed.bot.firstName,
      username: seed.bot.username
    }

    /** Arguments come in the query or as JSON, whatever the method. */
    const parameters = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const query = Object.fromEntries(yield* searchParams)
      const text = yield* Effect.orElseSucceed(request.text, () => "")
      const body = text === "" ? {} : yield* Schema.decode(Schema.parseJson(Parameters))(text).pipe(
        Effect.mapError(() => refuse(400, "Bad Request: can't parse JSON object"))
      )
      return yield* Effect.mapError(
        Schema.decodeUnknown(Parameters)({ ...query, ...body }),
        () => refuse(400, "Bad Request: wrong parameter")
      )
    })

    const chat = (id: number | string | undefined) =>
      Effect.gen(function*() {
        if (id === undefined || id === "") return yield* refuse(400, "Bad Request: chat_id is empty")
        const found = seed.chats.find((one) => String(one.id) === String(id) || `@${one.username}` === id)
        if (found === undefined) return yield* refuse(400, "Bad Request: chat not found")
        if (found.migratedTo !== undefined) {
          return yield* refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", {
            migrate_to_chat_id: found.migratedTo
          })
        }
        if (found.blocked) return yield* refuse(403, "Forbidden: bot was blocked by the user")
        return { id: found.id, type: found.type, title: found.title }
      })

    const send = Effect.gen(function*() {
      const given = yield* parameters
      const to = yield* chat(given.chat_id)
      const text = given.text?.trim() ?? ""
      if (text === "") return yield* refuse(400, "Bad Request: message text is empty")
      if (text.length > 4096) return yield* refuse(400, "Bad Request: message is too long")
      const problem = badEntity(text, given.parse_mode)
      if (problem !== null) return yield* refuse(400, `Bad Request: can't parse entities: ${problem}`)
      const atMs = yield* Clock.currentTimeMillis
      const sent = yield* Ref.modify(messages, (all) => {
        const raw = { message_id: all.length + 1, from: me, chat: to, date: Math.floor(atMs / 1000), text }
        return [raw, [...all, { channelId: String(to.id), text, raw, atMs }]]
      })
      return ok(sent)
    })

    const app = Effect.gen(function*() {
      const { url } = yield* HttpServerRequest.HttpServerRequest
      const [, token, method] = /^\/bot(\d+:[\w-]+)\/(\w+)(?:\?|$)/.exec(url.replace(/%3a/i, ":")) ?? []
      if (token === undefined || method === undefined) return yield* refuse(404, "Not Found")
      if (!seed.tokens.includes(token)) return yield* refuse(401, "Unauthorized")
      // Method names are not case-sensitive.
      switch (method.toLowerCase()) {
        case "getme":
          return ok(me)
        case "getchat":
          return ok(yield* chat((yield* parameters).chat_id))
        case "sendmessage":
          return yield* send
        default:
          return yield* refuse(404, "Not Found")
      }
    })

    const standIn = yield* makeStandIn({
      vendor: "telegram",
      app,
      notFound: refusal(404, "Not Found"),
      throttled: (seconds) =>
        refusal(429, `Too Many Requests: retry after ${Math.ceil(seconds)}`, { retry_after: Math.ceil(seconds) }),
      failed: (status) => refusal(status, status >= 500 ? "Internal Server Error" : "Bad Request"),
      lying: HttpServerResponse.unsafeJson({ ok: false, error_code: 500, description: "Internal Server Error" }),
      maskPath: (path) => path.replace(/^\/bot[^/]*/, "/bot***"),
      views: { messages: Ref.get(messages) }
    }, options)
    return { ...standIn, messages: Ref.get(messages) }
  })
