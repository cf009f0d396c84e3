import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Redacted, Schema } from "effect"
import { Discord } from "../../src/channels/discord/Discord.ts"
import { message } from "../../src/channels/discord/message.ts"
import { makeDiscord } from "../../src/sandbox/discord.ts"
import { throttled, truncated } from "../../src/sandbox/Fault.ts"
import { json, text } from "../fakes/Upstream.ts"
import { critical } from "./alerts.ts"
import { over, posted, turnedDown } from "./sending.ts"
import { canary } from "./verify.ts"

const alerts = "1200000000000000101"
const no = (status: number, code: number, message: string) => json({ code, message }, { status })
const nonceOf = Schema.decodeUnknownSync(Schema.Struct({ nonce: Schema.String }))

describe("Discord's channel messages", () => {
  it.effect("get the message under a nonce, once", () =>
    Effect.gen(function*() {
      const { calls: [call], outcome } = yield* posted("discord", alerts, json({ id: "1" }))
      deepStrictEqual(outcome, { pauseMs: 0 })
      deepStrictEqual([call?.method, call?.url], ["POST", `https://discord.com/api/v10/channels/${alerts}/messages`])
      assert.strictEqual(call?.headers["authorization"], `Bot ${canary}`)
      const { nonce } = nonceOf(call?.body)
      assert.match(nonce, /^[0-9a-f]{25}$/)
      deepStrictEqual(call?.body, { ...message(critical), nonce, enforce_nonce: true })
      const again = yield* posted("discord", alerts, json({ id: "1" }))
      assert.strictEqual(nonceOf(again.calls[0]?.body).nonce, nonce)
    }))

  it.effect.each(["1/../../users?x=#", "..", ".", "general", "", "-1", "1".repeat(21)])(
    "are not sent to the odd channel %j, which could be another path",
    (channelId) =>
      Effect.gen(function*() {
        // A request would be a defect: the script has none.
        const error = yield* Effect.flip(posted("discord", channelId))
        deepStrictEqual(
          [error._tag, error.details],
          ["UpstreamRejected", "The channel id is not a Discord id: expected digits"]
        )
      })
  )

  it.effect.each(
    [
      [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "0.4567" }, 457],
      [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "2" }, 2000],
      [{ "x-ratelimit-remaining": "1", "x-ratelimit-reset-after": "2" }, 0],
      [{ "x-ratelimit-remaining": "0" }, 0],
      [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "soon" }, 0],
      [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "-1" }, 0],
      [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "Infinity" }, 0],
      [{ "x-ratelimit-reset-after": "2" }, 0]
    ] as const
  )("with %j pause for %s ms", ([headers, pauseMs]) =>
    Effect.gen(function*() {
      const { outcome } = yield* posted("discord", alerts, json({ id: "1" }, { headers }))
      deepStrictEqual(outcome, { pauseMs })
    }))

  it.effect.each(
    [
      [403, 50001, "Missing Access"],
      [403, 50013, "Missing Permissions"],
      [404, 10003, "Unknown Channel"],
      [400, 50006, "Cannot send an empty message"]
    ] as const
  )("%s, code %s, is for good", ([status, code, words]) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* turnedDown("discord", no(status, code, words)), ["rejected", words])
    }))

  it.effect("401 means the credentials", () =>
    Effect.gen(function*() {
      const details = "Discord rejected the credentials (401)"
      deepStrictEqual(yield* turnedDown("discord", no(401, 0, "401: Unauthorized")), [
        "credentials",
        details,
        undefined
      ])
    }))

  it.effect("throttling is told at once, with the wait, and without JSON as well", () =>
    Effect.gen(function*() {
      const busy = json({ message: "You are being rate limited.", retry_after: 0.35, global: true }, { status: 429 })
      const details = "Discord rate limit exceeded"
      deepStrictEqual(yield* turnedDown("discord", busy), ["throttled", `${details}, retry after 1s`, 350])
      const page = text("error code: 1015", { status: 429, headers: { "retry-after": "60" } })
      deepStrictEqual(yield* turnedDown("discord", page), ["throttled", `${details}, retry after 60s`, 60_000])
      deepStrictEqual(
        yield* turnedDown("discord", text("error code: 1015", { status: 429 })),
        ["throttled", details, undefined]
      )
    }))

  it.effect.each([[502, "unavailable"], [500, "unavailable"], [403, "unreadable"], [200, "unreadable"]] as const)(
    "%s with a page that is not Discord's may pass",
    ([status, kind]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* turnedDown("discord", text("<p>", { status })))[0], kind)
      })
  )
})

describe("Discord over real HTTP", () => {
  it.scoped("keeps one message where the answer to the first try was lost", () =>
    Effect.gen(function*() {
      const standIn = yield* makeDiscord()
      const discord = yield* over(Discord, standIn.url)
      const config = { botToken: Redacted.make("discord-sandbox-token") }
      const send = (to: string, delivery: string) => discord.send(config, to, critical, delivery)
      yield* standIn.script(truncated)
      assert.deepInclude(yield* Effect.flip(send(alerts, "delivery-1")), { reason: "unreachable" })
      yield* send(alerts, "delivery-1")
      assert.lengthOf(yield* standIn.messages, 1)
      yield* send(alerts, "delivery-2")
      assert.lengthOf(yield* standIn.messages, 2)
      for (const { text } of yield* standIn.messages) assert.include(text, "🔴 CRITICAL")
    }))

  it.scoped("takes what it has room for, and refuses in its own words", () =>
    Effect.gen(function*() {
      const standIn = yield* makeDiscord()
      const discord = yield* over(Discord, standIn.url)
      const send = (to: string, token = "discord-sandbox-token") =>
        discord.send({ botToken: Redacted.make(token) }, to, critical, "delivery-1")
      const pauses = yield* Effect.replicateEffect(Effect.map(send(alerts), ({ pauseMs }) => pauseMs), 5)
      deepStrictEqual(pauses, [0, 0, 0, 0, 1000])
      assert.deepInclude(yield* Effect.flip(send(alerts)), { reason: "throttled", retryAfterMs: 1000 })
      for (
        const [channel, words] of [
          ["1200000000000000102", "Missing Permissions"],
          ["1200000000000000103", "Missing Access"],
          ["1200000000000000999", "Unknown Channel"],
          ["general", "The channel id is not a Discord id: expected digits"]
        ]
      ) {
        const error = yield* Effect.flip(send(channel ?? ""))
        deepStrictEqual([error._tag, error.details], ["UpstreamRejected", words])
      }
      assert.deepInclude(yield* Effect.flip(send(alerts, "bad")), { reason: "credentials" })
      yield* standIn.script(throttled(1.5))
      assert.deepInclude(yield* Effect.flip(send(alerts)), { reason: "throttled", retryAfterMs: 1500 })
    }))
})
