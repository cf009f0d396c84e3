import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Cause, Effect, Logger, LogLevel, Redacted } from "effect"
import { Telegram } from "../../src/channels/telegram/Telegram.ts"
import { type Answer, brokenOff, failing, json, lines, refusal, result, silent, text } from "../fakes/Upstream.ts"
import { answering, asked, canary, checks, refused } from "./verify.ts"

const no = (error_code: number, description: string, parameters?: unknown) =>
  json({ ok: false, error_code, description, ...(parameters !== undefined && { parameters }) }, { status: error_code })

describe("Telegram's getMe", () => {
  it.effect("is asked with the token in the path", () =>
    Effect.gen(function*() {
      const [call] = yield* asked("telegram", json({ ok: true, result: { id: 1, is_bot: true } }))
      assert.strictEqual(call?.method, "GET")
      assert.strictEqual(call?.url, `https://api.telegram.org/bot${encodeURIComponent(canary)}/getMe`)
      assert.isUndefined(call?.headers["authorization"])
    }))

  it.effect("is asked where the operator says", () =>
    Effect.map(
      asked("telegram", json({ ok: true }), "http://127.0.0.1:4006"),
      ([call]) => assert.strictEqual(call?.url, `http://127.0.0.1:4006/bot${encodeURIComponent(canary)}/getMe`)
    ))

  it.effect.each(["../../evil", "1:a/../../x", "1:a?x=", "1:a#", "1:%2e%2e", "..", "@evil.test/"])(
    "no token (%s) becomes another path",
    (token) =>
      Effect.gen(function*() {
        yield* result(Effect.flatMap(Telegram, (telegram) => telegram.verify({ botToken: Redacted.make(token) })))
        deepStrictEqual(yield* lines, [`GET https://api.telegram.org/bot${encodeURIComponent(token)}/getMe`])
      }).pipe(Effect.provide(answering([json({ ok: true, result: {} })])))
  )

  it.effect("401, and a path that does not exist, mean the credentials", () =>
    Effect.gen(function*() {
      for (const answer of [no(401, "Unauthorized"), no(404, "Not Found"), text("", { status: 404 })]) {
        const { calls, kind } = yield* refused("telegram", answer)
        deepStrictEqual([kind, calls], ["credentials", 1])
      }
    }))

  it.effect("another refusal is in Telegram's own words", () =>
    Effect.gen(function*() {
      const { details, kind } = yield* refused("telegram", no(400, "Bad Request: chat not found"))
      deepStrictEqual([kind, details], ["rejected", "Bad Request: chat not found"])
    }))

  it.effect("429 waits as its parameters say, else as its header says", () =>
    Effect.gen(function*() {
      const said = yield* refused("telegram", no(429, "Too Many Requests: retry after 35", { retry_after: 35 }))
      deepStrictEqual([said.details, said.retryAfterMs], ["Telegram rate limit exceeded, retry after 35s", 35_000])
      const header = yield* refused("telegram", text("", { status: 429, headers: { "retry-after": "20" } }))
      assert.strictEqual(header.retryAfterMs, 20_000)
      const nothing = yield* refused("telegram", no(429, "Too Many Requests", { retry_after: "35" }))
      deepStrictEqual([nothing.details, nothing.calls], ["Telegram rate limit exceeded", 4])
    }))

  it.effect("200 without ok is no success", () =>
    Effect.gen(function*() {
      const refusedWords = yield* refused("telegram", json({ ok: false, error_code: 401, description: "Unauthorized" }))
      assert.include(["credentials", "unreadable"], refusedWords.kind)
      for (const answer of [json({}), json({ result: {} }), text("<p>Welcome to this hotspot</p>")]) {
        assert.strictEqual((yield* refused("telegram", answer)).kind, "unreadable")
      }
    }))
})

describe("Telegram's token", () => {
  const failures: ReadonlyArray<readonly [what: string, answer: Answer]> = [
    ["no connection", failing("ECONNREFUSED")],
    ["a reset", failing("ECONNRESET")],
    ["a body that breaks off", brokenOff()],
    ["silence", silent],
    ["an outage", text(`no route to /bot${canary}/getMe`, { status: 502 })],
    ["a redirect", text("", { status: 301, headers: { location: `https://evil.test/bot${canary}/getMe` } })],
    ["refused credentials", no(401, "Unauthorized")],
    ["throttling", no(429, "Too Many Requests", { retry_after: 60 })]
  ]

  it.effect.each(failures)("is in no error and no log: %s", ([, answer]) =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void logged.push(String(message), Cause.pretty(cause)))
      const error = yield* refusal(checks.telegram).pipe(
        Effect.tap((error) => Effect.logError(error.message, Cause.fail(error))),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.All),
        Effect.provide(answering([answer, answer, answer, answer]))
      )
      const { shown } = yield* refused("telegram", answer)
      for (const text of [shown, JSON.stringify(error), logged.join("\n")]) {
        for (const hidden of [canary, encodeURIComponent(canary), "cAnArY", "api.telegram.org"]) {
          assert.notInclude(text, hidden)
        }
      }
    }))
})
