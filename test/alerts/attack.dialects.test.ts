import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { turnedDown } from "../channels/sending.ts"
import { json, text } from "../fakes/Upstream.ts"

/** A page of whatever stands between us and the vendor. */
const page = (status: number) => text("<html>no</html>", { status })

const channels = ["slack", "discord", "telegram", "whatsapp"] as const
const everywhere = channels.flatMap((channel) =>
  ([
    [400, "unreadable"],
    [403, "unreadable"],
    [408, "unavailable"],
    [429, "throttled"],
    [500, "unavailable"],
    [
      502,
      "unavailable"
    ],
    [503, "unavailable"],
    [520, "unavailable"]
  ] as const).map(([status, kind]) => [channel, status, kind] as const)
)

describe("an answer that is not the channel's own", () => {
  it.effect.each(everywhere)(
    "neither loses a message nor pauses an integration: %s %s",
    ([channel, status, kind]) =>
      Effect.gen(function*() {
        const [found] = yield* turnedDown(channel, page(status))
        deepStrictEqual(found, kind)
      })
  )

  it.effect.each([["slack", 401], ["slack", 404], ["discord", 401], ["discord", 404], ["telegram", 401]] as const)(
    "is no refusal for good: %s %s",
    ([channel, status]) =>
      Effect.gen(function*() {
        for (const answer of [page(status), json({}, { status }), text("", { status })]) {
          const [found] = yield* turnedDown(channel, answer)
          deepStrictEqual(found, "unreadable")
        }
      })
  )
})

const error = (code: number, status: number, more = {}) => json({ error: { message: "m", code, ...more } }, { status })

/** UPSTREAMS.md, section 4, row by row. */
describe("the channels' own words", () => {
  const words = [
    ...[
      "channel_not_found",
      "not_in_channel",
      "is_archived",
      "msg_too_long",
      "no_text",
      "invalid_blocks",
      "restricted_action"
    ]
      .map((word) => ["slack", json({ ok: false, error: word }), "rejected"] as const),
    ...["not_authed", "invalid_auth", "token_revoked", "account_inactive", "missing_scope"]
      .map((word) => ["slack", json({ ok: false, error: word }), "credentials"] as const),
    ...["internal_error", "fatal_error", "request_timeout"]
      .map((word) => ["slack", json({ ok: false, error: word }), "unavailable"] as const),
    ...["ratelimited", "rate_limited"].map((word) => ["slack", json({ ok: false, error: word }), "throttled"] as const),
    ...[0, 190, 10, 200, 299].map((code) => ["whatsapp", error(code, 400), "credentials"] as const),
    ...[4, 80007, 130429, 131048, 131056].map((code) => ["whatsapp", error(code, 400), "throttled"] as const),
    ...[1, 2, 131000, 131016, 133004].map((code) => ["whatsapp", error(code, 400), "unavailable"] as const),
    ["whatsapp", error(100, 400, { is_transient: true }), "unavailable"] as const,
    ...[33, 100, 368, 131026, 131030, 131031, 131047, 132000, 132001]
      .map((code) => ["whatsapp", error(code, 400), "rejected"] as const),
    ["discord", json({ code: 50035, message: "Invalid Form Body" }, { status: 400 }), "rejected"] as const,
    ["discord", json({ code: 10003, message: "Unknown Channel" }, { status: 404 }), "rejected"] as const,
    ["discord", json({ code: 50013, message: "Missing Permissions" }, { status: 403 }), "rejected"] as const,
    ["discord", json({ code: 0, message: "401: Unauthorized" }, { status: 401 }), "credentials"] as const,
    ["telegram", json({ ok: false, description: "Bad Request: chat not found" }, { status: 400 }), "rejected"] as const,
    ["telegram", json({ ok: false, description: "Forbidden: bot was blocked" }, { status: 403 }), "rejected"] as const,
    ["telegram", json({ ok: false, description: "Unauthorized" }, { status: 401 }), "credentials"] as const
  ]

  it.effect("mean what the vendors say", () =>
    Effect.forEach(
      words,
      ([channel, answer, kind]) => Effect.map(turnedDown(channel, answer), ([found]) => deepStrictEqual(found, kind))
    ))

  it.effect("a wait without end is no number", () =>
    Effect.gen(function*() {
      const asks = [
        ["telegram", json({ ok: false, parameters: { retry_after: 1e308 } }, { status: 429 })],
        ["discord", json({ retry_after: 1e308 }, { status: 429 })],
        ["slack", text("", { status: 429, headers: { "retry-after": "9".repeat(400) } })],
        ["whatsapp", json({}, { status: 429, headers: { "retry-after": "tomorrow" } })]
      ] as const
      for (const [channel, answer] of asks) {
        const [kind, , wait] = yield* turnedDown(channel, answer)
        deepStrictEqual([kind, wait], ["throttled", undefined])
      }
    }))
})
