import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { WhatsApp } from "../../src/channels/whatsapp/WhatsApp.ts"
import { json, lines, result, text } from "../fakes/Upstream.ts"
import { answering, asked, canary, refused } from "./verify.ts"

const no = (code: number, { status = 400, ...error }: { status?: number; [field: string]: unknown } = {}) =>
  json({ error: { message: `(#${code}) title`, type: "OAuthException", code, fbtrace_id: "x", ...error } }, { status })

const outcome = (code: number, error = {}) =>
  Effect.map(refused("whatsapp", no(code, error)), ({ calls, kind }) => [kind, calls])

describe("WhatsApp's phone number", () => {
  it.effect("is asked at a pinned version with the token in a header", () =>
    Effect.gen(function*() {
      const [call] = yield* asked("whatsapp", json({ id: "1", display_phone_number: "+1 555" }))
      const url = new URL(call?.url ?? "")
      deepStrictEqual([call?.method, `${url.origin}${url.pathname}`], [
        "GET",
        "https://graph.facebook.com/v23.0/106540352242922"
      ])
      assert.strictEqual(url.searchParams.get("fields"), "display_phone_number,verified_name,quality_rating")
      assert.strictEqual(call?.headers["authorization"], `Bearer ${canary}`)
      assert.notInclude(call?.url, "cAnArY")
    }))

  it.effect("is asked where the operator says", () =>
    Effect.map(
      asked("whatsapp", json({ id: "1" }), "http://127.0.0.1:4007"),
      ([call]) => assert.match(String(call?.url), /^http:\/\/127\.0\.0\.1:4007\/v23\.0\/106540352242922\?/)
    ))

  it.effect("whose id is odd becomes no other path", () =>
    Effect.gen(function*() {
      yield* result(Effect.flatMap(
        WhatsApp,
        (whatsapp) => whatsapp.verify({ accessToken: Redacted.make("t"), phoneNumberId: "../me?x=/y" })
      ))
      const [line = ""] = yield* lines
      assert.match(line, /^GET https:\/\/graph\.facebook\.com\/v23\.0\/\.\.%2Fme%3Fx%3D%2Fy\?fields=/)
    }).pipe(Effect.provide(answering([json({ id: "1" })]))))

  it.effect.each([[0, 401], [190, 401], [10, 403], [200, 403], [299, 403], [190, 400], [190, 500]] as const)(
    "code %s with status %s means the credentials",
    ([code, status]) =>
      Effect.gen(function*() {
        deepStrictEqual(yield* outcome(code, { status }), ["credentials", 1])
      })
  )

  it.effect.each([4, 80007, 130429, 131048, 131056])(
    "code %s, whatever the status, is throttling",
    (code) =>
      Effect.gen(function*() {
        for (const status of [400, 403, 429, 500]) deepStrictEqual(yield* outcome(code, { status }), ["throttled", 4])
      })
  )

  it.effect.each([1, 2, 131000, 131016, 133004])("code %s is tried again", (code) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* outcome(code), ["unavailable", 4])
    }))

  it.effect("is_transient is tried again, whatever the code", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* outcome(100, { is_transient: true }), ["unavailable", 4])
      deepStrictEqual(yield* outcome(100, { is_transient: false }), ["rejected", 1])
      deepStrictEqual(yield* outcome(100, { status: 500 }), ["unavailable", 4])
    }))

  it.effect.each([3, 33, 100, 300, 368, 131026, 131030, 131031, 131047, 132000, 132001])(
    "code %s is a refusal, asked once",
    (code) =>
      Effect.gen(function*() {
        deepStrictEqual(yield* outcome(code), ["rejected", 1])
      })
  )

  it.effect("a refusal is explained by its details, else by its message", () =>
    Effect.gen(function*() {
      const details = { error_data: { messaging_product: "whatsapp", details: "Recipient is not allowed" } }
      assert.strictEqual((yield* refused("whatsapp", no(131030, details))).details, "Recipient is not allowed")
      assert.strictEqual((yield* refused("whatsapp", no(131030))).details, "(#131030) title")
      const bare = json({ error: { code: 131030 } }, { status: 400 })
      assert.strictEqual((yield* refused("whatsapp", bare)).details, "WhatsApp refused the request (400)")
    }))

  it.effect("an error in a good status is no success", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* outcome(190, { status: 200 }), ["credentials", 1])
    }))

  it.effect.each(
    [[401, "credentials", 1], [404, "rejected", 1], [429, "throttled", 4], [503, "unavailable", 4]] as const
  )(
    "%s without a code means what it means everywhere",
    ([status, kind, calls]) =>
      Effect.gen(function*() {
        for (const answer of [text("<p>", { status }), json({ error: "x" }, { status }), json({}, { status })]) {
          const found = yield* refused("whatsapp", answer)
          deepStrictEqual([found.kind, found.calls], [kind, calls])
        }
      })
  )

  it.effect("200 with a page that is not WhatsApp's proves nothing", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refused("whatsapp", text("<p>Welcome to this hotspot</p>"))).kind, "unreadable")
    }))
})
