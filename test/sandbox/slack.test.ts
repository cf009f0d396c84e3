import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lying, throttled } from "../../src/sandbox/Fault.ts"
import { makeSlack } from "../../src/sandbox/slack.ts"
import { ask, json } from "./ask.ts"

const headers = { authorization: "Bearer xoxb-sandbox", "content-type": "application/json; charset=utf-8" }

describe("Slack's stand-in", () => {
  it.scoped("answers 200 whatever happens, and says in the body whether it did", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeSlack()
      const refusal = (body: unknown, extra: Record<string, string> = {}) =>
        Effect.map(ask(`${url}/api/chat.postMessage`, { body, headers: { ...headers, ...extra } }), (answer) => {
          assert.strictEqual(answer.status, 200)
          return json(answer)
        })
      const no = (error: string) => ({ ok: false, error })
      const hello = { channel: "C0ALERTS", text: "hello" }
      assert.deepStrictEqual(yield* refusal(hello, { authorization: "Bearer nope" }), no("invalid_auth"))
      assert.deepStrictEqual(yield* refusal(hello, { authorization: "xoxb-sandbox" }), no("invalid_auth"))
      assert.deepStrictEqual(yield* refusal(hello, { authorization: "Bearer xoxb-revoked" }), no("token_revoked"))
      assert.deepStrictEqual(yield* refusal(hello, { "content-type": "text/plain" }), no("invalid_form_data"))
      assert.deepStrictEqual(yield* refusal("{"), no("invalid_json"))
      assert.deepStrictEqual(yield* refusal({ channel: "C0NOPE", text: "x" }), no("channel_not_found"))
      assert.deepStrictEqual(yield* refusal({ channel: "C0PRIVATE", text: "x" }), no("not_in_channel"))
      assert.deepStrictEqual(yield* refusal({ channel: "C0OLD", text: "x" }), no("is_archived"))
      assert.deepStrictEqual(yield* refusal({ channel: "C0ALERTS" }), no("no_text"))
      const section = { type: "section", text: { type: "mrkdwn", text: "x".repeat(3001) } }
      assert.deepStrictEqual(yield* refusal({ ...hello, blocks: [section] }), no("invalid_blocks"))
      assert.lengthOf(yield* messages, 0)
      const unknown = yield* ask(`${url}/api/nothing`, { body: {}, headers })
      assert.deepStrictEqual(json(unknown), no("unknown_method"))
    }))

  it.scoped("keeps what was posted and cuts text at 40 000 characters", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeSlack()
      const post = (text: string) =>
        ask(`${url}/api/chat.postMessage`, { body: { channel: "C0ERRORS", text }, headers })
      assert.include((yield* post("*down*")).text, "\"ok\":true")
      assert.include((yield* post("x".repeat(40_001))).text, "message_truncated")
      const [first, second] = yield* messages
      assert.deepInclude(first, { channelId: "C0ERRORS", text: "*down*", atMs: 0 })
      assert.lengthOf(second?.text ?? "", 40_000)
      assert.include((yield* ask(`${url}/_sandbox/messages`)).text, "*down*")
    }))

  it.scoped("verifies a token", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSlack()
      const answer = yield* ask(`${url}/api/auth.test`, { method: "POST", headers })
      assert.include(answer.text, "\"team_id\":\"T0ACME\"")
      assert.deepStrictEqual(json(yield* ask(`${url}/api/auth.test`, { method: "POST" })), {
        ok: false,
        error: "not_authed"
      })
    }))

  it.scoped("throttles with a 429 and Retry-After", () =>
    Effect.gen(function*() {
      const standIn = yield* makeSlack()
      yield* standIn.script(throttled(30), lying)
      const url = `${standIn.url}/api/chat.postMessage`
      const limited = yield* ask(url, { body: {}, headers })
      assert.deepInclude(limited, { status: 429, text: "{\"ok\":false,\"error\":\"ratelimited\"}" })
      assert.strictEqual(limited.headers.get("retry-after"), "30")
      assert.deepStrictEqual(json(yield* ask(url, { body: {}, headers })), { ok: false, error: "internal_error" })
    }))
})
