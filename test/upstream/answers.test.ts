import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck, Schema } from "effect"
import { oneLine } from "../../src/upstream/Dialect.ts"
import { json, lines, refusal, result, sent, text, upstream } from "../fakes/Upstream.ts"
import { read, thing } from "./acme.ts"

const failureOf = (status: number, body: unknown = {}) =>
  Effect.map(refusal(read()), (error) => ({
    tag: error._tag,
    reason: error._tag === "UpstreamFailed" ? error.reason : undefined,
    details: error.details
  })).pipe(Effect.provide(upstream(Array.from({ length: 4 }, () => json(body, { status })))))

describe("what an answer means", () => {
  it.effect.each(
    [
      [400, { tag: "UpstreamRejected", reason: undefined, details: "no, said Acme" }],
      [401, { tag: "UpstreamFailed", reason: "credentials", details: "Acme rejected the credentials (401)" }],
      [403, { tag: "UpstreamFailed", reason: "credentials", details: "Acme rejected the credentials (403)" }],
      [404, { tag: "UpstreamRejected", reason: undefined, details: "no, said Acme" }],
      [422, { tag: "UpstreamRejected", reason: undefined, details: "no, said Acme" }],
      [429, { tag: "UpstreamFailed", reason: "throttled", details: "Acme rate limit exceeded" }],
      [500, { tag: "UpstreamFailed", reason: "unavailable", details: "Acme is unavailable (500)" }],
      [503, { tag: "UpstreamFailed", reason: "unavailable", details: "Acme is unavailable (503)" }]
    ] as const
  )("%s", ([status, expected]) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* failureOf(status, { message: "no,\n said   Acme " }), expected)
    }))

  it.effect("one that is nested beyond reason is unreadable, and no defect", () =>
    Effect.gen(function*() {
      const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`
      for (const body of [deep, `{"thing":${deep}}`, `{"thing":{"size":${deep}}}`]) {
        const error = yield* Effect.provide(refusal(read()), upstream([text(body)]))
        assert.include(error.details, "Acme answered with something unexpected")
      }
    }))

  it.effect("a refusal without words says the status", () =>
    Effect.gen(function*() {
      for (const message of ["", "  \n", undefined, 5]) {
        assert.strictEqual((yield* failureOf(400, { message })).details, "Acme refused the request (400)")
      }
    }))

  it.effect.each([301, 302, 303, 307, 308])(
    "a redirect (%s) is not followed, and its target is not shown",
    (status) =>
      Effect.gen(function*() {
        const error = yield* refusal(read())
        assert.strictEqual(error._tag, "UpstreamFailed")
        assert.strictEqual(error.details, `Acme answered with something unexpected (${status})`)
        deepStrictEqual(yield* lines, ["GET https://api.acme.test/things/1"])
      }).pipe(Effect.provide(upstream([
        text("", { status, headers: { location: "http://169.254.169.254/canary" } })
      ])))
  )

  it.effect.each<readonly [body: unknown, where: string]>([
    [{ thing: { size: "canary" } }, " at thing.size"],
    [{ thing: { size: 1.5, canary: "canary" } }, " at thing.size"],
    [{ thing: "canary" }, " at thing"],
    [{ canary: "canary" }, " at thing"],
    ["canary", ""],
    [null, ""],
    [["canary"], ""]
  ])("%j is unreadable", ([body, where]) =>
    Effect.gen(function*() {
      const error = yield* refusal(read())
      assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "unreadable")
      assert.strictEqual(error.details, `Acme answered with something unexpected${where}`)
      assert.strictEqual((yield* sent).length, 1)
    }).pipe(Effect.provide(upstream([json(body)]))))

  it.effect.each(["", "<html>canary</html>", "{\"thing\":{\"size\":7}", "\ufeff{}"])(
    "%j is unreadable",
    (body) =>
      Effect.gen(function*() {
        const error = yield* refusal(read())
        assert.strictEqual(error.details, "Acme answered with something unexpected")
      }).pipe(Effect.provide(upstream([text(body)])))
  )

  it.effect("headers come with the value", () =>
    Effect.gen(function*() {
      const { headers, value } = yield* result(read())
      deepStrictEqual(value, thing)
      assert.strictEqual(headers["x-hits"], "12")
    }).pipe(Effect.provide(upstream([json(thing, { headers: { "X-Hits": "12" } })]))))

  it.effect("a field that the schema does not know is no harm", () =>
    Effect.gen(function*() {
      const response = Schema.Struct({ thing: Schema.Struct({ size: Schema.Int }) })
      deepStrictEqual((yield* result(read({ response }))).value, thing)
    }).pipe(Effect.provide(upstream([json({ thing: { size: 7, colour: "red" }, more: true })]))))
})

describe("oneLine", () => {
  it.prop("is one line of 300 characters at most, without control characters", [
    FastCheck.string({ unit: FastCheck.constantFrom("a", " ", "\n", "\r", "\u2028", "\u0000", "🔥"), maxLength: 700 })
  ], ([text]) => {
    const line = oneLine(text)
    assert.notMatch(line, /[\p{Cc}\p{Zl}\p{Zp}]/u)
    assert.isAtMost([...line].length, 300)
    assert.notMatch(line, /\p{Cs}/u)
  })
})
