import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { makeDiscord } from "../../src/sandbox/discord.ts"
import { throttled } from "../../src/sandbox/Fault.ts"
import { ask, json, read } from "./ask.ts"

const headers = { authorization: "Bot discord-sandbox-token" }
const Posted = read(Schema.Struct({ id: Schema.String, mention_everyone: Schema.Boolean }))
const Failure = read(Schema.Struct({ code: Schema.Number, message: Schema.String }))
const path = (channel: string) => `/api/v10/channels/${channel}/messages`
const alerts = "1200000000000000101"

describe("Discord's stand-in", () => {
  it.scoped("takes a token as Bot, and tells channels apart", () =>
    Effect.gen(function*() {
      const { url } = yield* makeDiscord()
      const code = (channel: string, authorization = headers.authorization) =>
        Effect.gen(function*() {
          const answer = yield* ask(`${url}${path(channel)}`, { body: { content: "x" }, headers: { authorization } })
          return [answer.status, (yield* Failure(answer)).code]
        })
      assert.deepStrictEqual(yield* code(alerts, "Bearer discord-sandbox-token"), [401, 0])
      assert.deepStrictEqual(yield* code("1200000000000000999"), [404, 10003])
      assert.deepStrictEqual(yield* code("1200000000000000103"), [403, 50001])
      assert.deepStrictEqual(yield* code("1200000000000000102"), [403, 50013])
      assert.deepStrictEqual(yield* code("general"), [400, 50035])
      assert.strictEqual((yield* ask(`${url}/api/v10/users/@me`, { headers })).status, 200)
      assert.strictEqual((yield* ask(`${url}/api/v10/channels/${alerts}`, { headers })).status, 200)
      assert.strictEqual((yield* ask(`${url}/api/v9/users/@me`, { headers })).status, 404)
    }))

  it.scoped("refuses what is too long or empty, naming the field", () =>
    Effect.gen(function*() {
      const { url } = yield* makeDiscord()
      const refusal = (body: unknown) => ask(`${url}${path(alerts)}`, { body, headers })
      assert.deepStrictEqual(json(yield* refusal({ content: "x".repeat(2001) })), {
        message: "Invalid Form Body",
        code: 50035,
        errors: {
          content: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }] }
        }
      })
      const embed = { description: "x".repeat(3500) }
      assert.include((yield* refusal({ embeds: [embed, embed] })).text, "MAX_EMBED_SIZE_EXCEEDED")
      assert.include((yield* refusal({ embeds: [{ title: "x".repeat(257) }] })).text, "\"title\"")
      assert.include((yield* refusal({ content: "x", nonce: "n".repeat(26) })).text, "\"nonce\"")
      assert.strictEqual((yield* Failure(yield* refusal({}))).code, 50006)
    }))

  it.scoped("returns the message already there for an enforced nonce, for a few minutes", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeDiscord()
      const post = (extra: object) =>
        Effect.flatMap(
          ask(`${url}${path(alerts)}`, { body: { content: "down", nonce: "d-1", ...extra }, headers }),
          Posted
        )
      const first = yield* post({ enforce_nonce: true })
      assert.strictEqual((yield* post({ enforce_nonce: true })).id, first.id)
      assert.notStrictEqual((yield* post({})).id, first.id)
      yield* TestClock.adjust("6 minutes")
      assert.notStrictEqual((yield* post({ enforce_nonce: true })).id, first.id)
      assert.lengthOf(yield* messages, 3)
    }))

  it.scoped("pings everyone unless told not to", () =>
    Effect.gen(function*() {
      const { url } = yield* makeDiscord()
      const post = (extra: object) =>
        Effect.flatMap(ask(`${url}${path(alerts)}`, { body: { content: "@everyone down", ...extra }, headers }), Posted)
      assert.isTrue((yield* post({})).mention_everyone)
      assert.isFalse((yield* post({ allowed_mentions: { parse: [] } })).mention_everyone)
    }))

  it.scoped("tells what is left of a channel's bucket, and refuses when it is empty", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeDiscord()
      const post = Effect.map(ask(`${url}${path(alerts)}`, { body: { content: "x" }, headers }), (answer) => [
        answer.status,
        answer.headers.get("x-ratelimit-remaining"),
        answer.headers.get("x-ratelimit-reset-after")
      ])
      assert.deepStrictEqual(yield* post, [200, "4", "1.000"])
      yield* TestClock.adjust("400 millis")
      assert.deepStrictEqual((yield* Effect.replicateEffect(post, 4)).at(-1), [200, "0", "0.600"])
      assert.deepStrictEqual(yield* post, [429, "0", "0.600"])
      const elsewhere = yield* ask(`${url}${path("1200000000000000102")}`, { body: { content: "x" }, headers })
      assert.deepStrictEqual([elsewhere.status, elsewhere.headers.get("x-ratelimit-remaining")], [403, "4"])
      yield* TestClock.adjust("600 millis")
      assert.deepStrictEqual(yield* post, [200, "4", "1.000"])
      assert.lengthOf(yield* messages, 6)
    }))

  it.scoped("shows what an embed says", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeDiscord()
      const body = { content: "look", embeds: [{ title: "Down" }, { description: "since noon" }] }
      yield* ask(`${url}${path(alerts)}`, { body, headers })
      assert.deepStrictEqual((yield* messages).map(({ text }) => text), ["look\nDown\nsince noon"])
    }))

  it.scoped("throttles with fractions of a second", () =>
    Effect.gen(function*() {
      const standIn = yield* makeDiscord()
      yield* standIn.script(throttled(1.5))
      const limited = yield* ask(`${standIn.url}${path(alerts)}`, { body: { content: "x" }, headers })
      assert.deepStrictEqual(json(limited), { message: "You are being rate limited.", retry_after: 1.5, global: false })
      assert.strictEqual(limited.headers.get("x-ratelimit-reset-after"), "1.500")
      assert.strictEqual(limited.headers.get("retry-after"), "2")
    }))
})
