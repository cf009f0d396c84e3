import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { json, text } from "../fakes/Upstream.ts"
import { asked, canary, refused } from "./verify.ts"

const no = (error: string) => json({ ok: false, error })

describe("Slack's auth.test", () => {
  it.effect("is asked with the token in a header, and nowhere else", () =>
    Effect.gen(function*() {
      const [call] = yield* asked("slack", json({ ok: true, team: "acme", bot_id: "B0" }))
      deepStrictEqual([call?.method, call?.url], ["POST", "https://slack.com/api/auth.test"])
      assert.strictEqual(call?.headers["authorization"], `Bearer ${canary}`)
    }))

  it.effect("is asked where the operator says", () =>
    Effect.map(
      asked("slack", json({ ok: true }), "http://127.0.0.1:4004"),
      ([call]) => assert.strictEqual(call?.url, "http://127.0.0.1:4004/api/auth.test")
    ))

  it.effect.each(["not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope"])(
    "%s, with status 200, means the credentials",
    (error) =>
      Effect.gen(function*() {
        const { calls, details, kind } = yield* refused("slack", no(error))
        deepStrictEqual([kind, details, calls], ["credentials", "Slack rejected the credentials (200)", 1])
      })
  )

  it.effect.each(["internal_error", "fatal_error", "request_timeout", "service_unavailable"])(
    "%s, with status 200, is tried again",
    (error) =>
      Effect.gen(function*() {
        const { calls, kind } = yield* refused("slack", no(error))
        deepStrictEqual([kind, calls], ["unavailable", 4])
      })
  )

  it.effect.each(["ratelimited", "rate_limited"])(
    "%s, with status 200, is throttling",
    (error) =>
      Effect.gen(function*() {
        const { details, kind } = yield* refused("slack", no(error))
        deepStrictEqual([kind, details], ["throttled", "Slack rate limit exceeded"])
      })
  )

  it.effect("429 is throttling, with the wait of its header, whatever its body", () =>
    Effect.gen(function*() {
      for (const body of ["", "{\"ok\":false,\"error\":\"ratelimited\"}", "slow down"]) {
        const answer = text(body, { status: 429, headers: { "retry-after": "30" } })
        const { calls, details, retryAfterMs } = yield* refused("slack", answer)
        deepStrictEqual([details, retryAfterMs, calls], ["Slack rate limit exceeded, retry after 30s", 30_000, 1])
      }
    }))

  it.effect("another error is in Slack's own words", () =>
    Effect.gen(function*() {
      const { calls, details, kind } = yield* refused("slack", no("team_access_not_granted"))
      deepStrictEqual([kind, details, calls], ["rejected", "team_access_not_granted", 1])
    }))

  it.effect("200 without ok is no success", () =>
    Effect.gen(function*() {
      for (const answer of [json({}), json({ ok: "true" }), json({ ok: false }), text("ok"), text(""), json(null)]) {
        const { details, kind } = yield* refused("slack", answer)
        deepStrictEqual([kind, details], ["unreadable", "Slack answered with something unexpected (200)"])
      }
    }))

  it.effect("an outage is tried again", () =>
    Effect.gen(function*() {
      for (const answer of [text("<html></html>", { status: 503 }), json({ ok: false, error: "x" }, { status: 500 })]) {
        const { calls, kind } = yield* refused("slack", answer)
        deepStrictEqual([kind, calls], ["unavailable", 4])
      }
    }))
})
