import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lying, throttled } from "../../src/sandbox/Fault.ts"
import { makeTelegram } from "../../src/sandbox/telegram.ts"
import { ask, json } from "./ask.ts"

const chat_id = -1001234567890

describe("Telegram's stand-in", () => {
  it.scoped("takes the token in the path and hides it where calls are shown", () =>
    Effect.gen(function*() {
      const { url } = yield* makeTelegram()
      assert.include((yield* ask(`${url}/bot123456:sandbox/getMe`)).text, "codespar_bot")
      assert.deepStrictEqual(json(yield* ask(`${url}/bot123456:wrong/getMe`)), {
        ok: false,
        error_code: 401,
        description: "Unauthorized"
      })
      assert.strictEqual((yield* ask(`${url}/botnonsense/getMe`)).status, 404)
      assert.strictEqual((yield* ask(`${url}/bot123456:sandbox/nothing`)).status, 404)
      assert.notInclude((yield* ask(`${url}/_sandbox/calls`)).text, "123456:sandbox")
    }))

  it.scoped("sends to chats by id and by name, and keeps what was sent", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeTelegram()
      const send = (body: unknown) => ask(`${url}/bot123456:sandbox/sendMessage`, { body })
      assert.include((yield* send({ chat_id, text: "down" })).text, "\"message_id\":1")
      assert.include((yield* send({ chat_id: "@acme_status", text: "up" })).text, "\"message_id\":2")
      assert.deepStrictEqual((yield* messages).map(({ channelId, text }) => [channelId, text]), [
        ["-1001234567890", "down"],
        ["-1009876543210", "up"]
      ])
      const seen = yield* ask(`${url}/bot123456:sandbox/getChat?chat_id=${chat_id}`)
      assert.include(seen.text, "Acme alerts")
    }))

  it.scoped("refuses in the vendor's words", () =>
    Effect.gen(function*() {
      const { url } = yield* makeTelegram()
      const refusal = (body: unknown) => Effect.map(ask(`${url}/bot123456:sandbox/sendMessage`, { body }), json)
      const bad = (description: string, more = {}) => ({ ok: false, error_code: 400, description, ...more })
      assert.deepStrictEqual(yield* refusal({ chat_id: 1, text: "x" }), bad("Bad Request: chat not found"))
      assert.deepStrictEqual(yield* refusal({ chat_id, text: " " }), bad("Bad Request: message text is empty"))
      assert.deepStrictEqual(
        yield* refusal({ chat_id, text: "x".repeat(4097) }),
        bad("Bad Request: message is too long")
      )
      assert.deepStrictEqual(
        yield* refusal({ chat_id: -987654321, text: "x" }),
        bad("Bad Request: group chat was upgraded to a supergroup chat", {
          parameters: { migrate_to_chat_id: chat_id }
        })
      )
      assert.deepStrictEqual(yield* refusal({ chat_id: 5550001, text: "x" }), {
        ok: false,
        error_code: 403,
        description: "Forbidden: bot was blocked by the user"
      })
      assert.deepStrictEqual(
        yield* refusal({ chat_id, text: "a.b", parse_mode: "MarkdownV2" }),
        bad("Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'")
      )
      assert.deepStrictEqual(
        yield* refusal({ chat_id, text: "<anonymous>", parse_mode: "HTML" }),
        bad("Bad Request: can't parse entities: Unsupported start tag \"anonymous\"")
      )
    }))

  it.scoped("throttles and lies in its body", () =>
    Effect.gen(function*() {
      const standIn = yield* makeTelegram()
      yield* standIn.script(throttled(11), lying)
      const url = `${standIn.url}/bot123456:sandbox/getMe`
      assert.deepStrictEqual(json(yield* ask(url)), {
        ok: false,
        error_code: 429,
        description: "Too Many Requests: retry after 11",
        parameters: { retry_after: 11 }
      })
      assert.deepInclude(yield* ask(url), {
        status: 200,
        text: "{\"ok\":false,\"error_code\":500,\"description\":\"Internal Server Error\"}"
      })
    }))
})
