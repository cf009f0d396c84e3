import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { json, result, text, waits } from "../fakes/Upstream.ts"
import { answering, asked, canary, checks, refused } from "./verify.ts"

const busy = (retry_after: unknown, headers: Record<string, string> = {}) =>
  json({ message: "You are being rate limited.", retry_after, global: false }, { status: 429, headers })

describe("Discord's users/@me", () => {
  it.effect("is asked at a pinned version with the token in a header", () =>
    Effect.gen(function*() {
      const [call] = yield* asked("discord", json({ id: "1", username: "bot" }))
      deepStrictEqual([call?.method, call?.url], ["GET", "https://discord.com/api/v10/users/@me"])
      assert.strictEqual(call?.headers["authorization"], `Bot ${canary}`)
    }))

  it.effect("is asked where the operator says", () =>
    Effect.map(
      asked("discord", json({ id: "1" }), "http://127.0.0.1:4005"),
      ([call]) => assert.strictEqual(call?.url, "http://127.0.0.1:4005/api/v10/users/@me")
    ))

  it.effect("401 means the credentials, asked once: a dead token must not be used again", () =>
    Effect.gen(function*() {
      const { calls, details, kind } = yield* refused(
        "discord",
        json({ message: "401: Unauthorized", code: 0 }, { status: 401 })
      )
      deepStrictEqual([kind, details, calls], ["credentials", "Discord rejected the credentials (401)", 1])
    }))

  it.effect("403 says nothing against the token, and may come from before Discord", () =>
    Effect.gen(function*() {
      const own = yield* refused("discord", json({ message: "Missing Access", code: 50001 }, { status: 403 }))
      deepStrictEqual([own.kind, own.details], ["rejected", "Missing Access"])
      const proxy = yield* refused("discord", text("<html>error code: 1020</html>", { status: 403 }))
      deepStrictEqual([proxy.kind, proxy.details], ["unreadable", "Discord answered with something unexpected (403)"])
    }))

  it.effect("another refusal is in Discord's own words", () =>
    Effect.gen(function*() {
      const body = { code: 50035, message: "Invalid Form Body", errors: { content: {} } }
      const { details, kind } = yield* refused("discord", json(body, { status: 400 }))
      deepStrictEqual([kind, details], ["rejected", "Invalid Form Body"])
    }))

  it.effect("a refused form is explained by the first of its reasons", () =>
    Effect.gen(function*() {
      const why = (message: unknown) => ({ _errors: [{ code: "X", message }] })
      const details = (errors: unknown) =>
        Effect.map(
          refused("discord", json({ code: 50035, message: "Invalid Form Body", errors }, { status: 400 })),
          ({ details }) => details
        )
      assert.strictEqual(
        yield* details({ embeds: { 0: { title: {}, url: why("Not a URL.") } }, nonce: why("Too long.") }),
        "Invalid Form Body (embeds.0.url: Not a URL.)"
      )
      for (const odd of [null, "x", [why("a")], why(7), { _errors: "x" }, { _errors: [] }]) {
        assert.match(yield* details(odd), /^Invalid Form Body/)
      }
    }))

  it.effect.each([[0.5, 500], [1.336, 1336], [3, 3000]] as const)(
    "429 with retry_after %s waits as long, fractions of a second included",
    ([seconds, ms]) =>
      Effect.gen(function*() {
        yield* result(checks.discord)
        deepStrictEqual(yield* waits, [ms])
      }).pipe(Effect.provide(answering([busy(seconds, { "retry-after": "9" }), json({ id: "1" })])))
  )

  it.effect("429 takes the header where the body has no number", () =>
    Effect.gen(function*() {
      for (const seconds of [undefined, null, "2", -1]) {
        const { retryAfterMs } = yield* refused("discord", busy(seconds, { "retry-after": "65" }))
        assert.strictEqual(retryAfterMs, 65_000)
      }
      const { details } = yield* refused("discord", busy(64.57))
      assert.strictEqual(details, "Discord rate limit exceeded, retry after 65s")
    }))

  it.effect("429 from before Discord, without JSON, is throttling as well", () =>
    Effect.gen(function*() {
      const { calls, kind } = yield* refused("discord", text("<html>error code: 1015</html>", { status: 429 }))
      deepStrictEqual([kind, calls], ["throttled", 4])
    }))

  it.effect.each([500, 502, 504])("%s is tried again", (status) =>
    Effect.gen(function*() {
      const { calls, kind } = yield* refused("discord", text("", { status }))
      deepStrictEqual([kind, calls], ["unavailable", 4])
    }))

  it.effect("200 with a page that is not Discord's proves nothing", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refused("discord", text("<p>Welcome to this hotspot</p>"))).kind, "unreadable")
    }))
})
