import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { message } from "../../src/channels/slack/message.ts"
import { Slack } from "../../src/channels/slack/Slack.ts"
import { reset, throttled } from "../../src/sandbox/Fault.ts"
import { makeSlack } from "../../src/sandbox/slack.ts"
import { json, text } from "../fakes/Upstream.ts"
import { critical } from "./alerts.ts"
import { over, posted, turnedDown } from "./sending.ts"
import { canary } from "./verify.ts"

const no = (error: string) => json({ ok: false, error })

describe("Slack's chat.postMessage", () => {
  it.effect("gets the message and its channel, once", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* posted("slack", "C0ALERTS", json({ ok: true, ts: "1.2" }))
      deepStrictEqual(outcome, { pauseMs: 1000 })
      const [call] = calls
      deepStrictEqual([call?.method, call?.url], ["POST", "https://slack.com/api/chat.postMessage"])
      assert.strictEqual(call?.headers["authorization"], `Bearer ${canary}`)
      assert.strictEqual(call?.headers["content-type"], "application/json; charset=utf-8")
      deepStrictEqual(call?.body, { channel: "C0ALERTS", ...message(critical) })
    }))

  it.effect.each([
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "msg_too_long",
    "no_text",
    "invalid_blocks",
    "restricted_action",
    "a_word_from_next_year"
  ])("%s is for good", (error) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* turnedDown("slack", no(error)), ["rejected", error])
    }))

  it.effect.each(["not_authed", "invalid_auth", "token_revoked", "account_inactive", "missing_scope"])(
    "%s means the credentials",
    (error) =>
      Effect.gen(function*() {
        const details = "Slack rejected the credentials (200)"
        deepStrictEqual(yield* turnedDown("slack", no(error)), ["credentials", details, undefined])
      })
  )

  it.effect.each(["internal_error", "fatal_error", "request_timeout"])(
    "%s may pass",
    (error) =>
      Effect.gen(function*() {
        deepStrictEqual(yield* turnedDown("slack", no(error)), ["unavailable", "Slack is unavailable (200)", undefined])
      })
  )

  it.effect("throttling is told at once, with the wait", () =>
    Effect.gen(function*() {
      const busy = text("", { status: 429, headers: { "retry-after": "2" } })
      const details = "Slack rate limit exceeded"
      deepStrictEqual(yield* turnedDown("slack", busy), ["throttled", `${details}, retry after 2s`, 2000])
      deepStrictEqual(yield* turnedDown("slack", no("rate_limited")), ["throttled", details, undefined])
    }))

  it.effect("an outage and a page that is not Slack's may pass", () =>
    Effect.gen(function*() {
      const outcome = (status: number) => Effect.map(turnedDown("slack", text("<p>", { status })), ([kind]) => kind)
      assert.strictEqual(yield* outcome(503), "unavailable")
      assert.strictEqual(yield* outcome(200), "unreadable")
    }))
})

describe("Slack over real HTTP", () => {
  it.scoped("takes the message, and refuses in its own words", () =>
    Effect.gen(function*() {
      const standIn = yield* makeSlack()
      const slack = yield* over(Slack, standIn.url)
      const send = (to: string, token = "xoxb-sandbox") =>
        slack.send({ botToken: Redacted.make(token) }, to, critical, "delivery-1")
      deepStrictEqual(yield* send("C0ALERTS"), { pauseMs: 1000 })
      const [kept] = yield* standIn.messages
      assert.strictEqual(kept?.channelId, "C0ALERTS")
      assert.include(kept?.text, "🔴 CRITICAL")
      for (
        const [channel, word] of [["C0PRIVATE", "not_in_channel"], ["C0OLD", "is_archived"], [
          "C0",
          "channel_not_found"
        ]]
      ) {
        const error = yield* Effect.flip(send(channel ?? ""))
        deepStrictEqual([error._tag, error.details], ["UpstreamRejected", word])
      }
      assert.deepInclude(yield* Effect.flip(send("C0ALERTS", "xoxb-revoked")), { reason: "credentials" })
      yield* standIn.script(throttled(30), reset)
      assert.deepInclude(yield* Effect.flip(send("C0ALERTS")), { reason: "throttled", retryAfterMs: 30_000 })
      assert.deepInclude(yield* Effect.flip(send("C0ALERTS")), { reason: "unreachable" })
      assert.lengthOf(yield* standIn.messages, 1)
    }))
})
