import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Cause, Effect, Logger, LogLevel, Redacted } from "effect"
import { message } from "../../src/channels/telegram/message.ts"
import { Telegram } from "../../src/channels/telegram/Telegram.ts"
import { lying, throttled } from "../../src/sandbox/Fault.ts"
import { makeTelegram } from "../../src/sandbox/telegram.ts"
import { type Answer, brokenOff, failing, json, refusal, shownBy, silent, text } from "../fakes/Upstream.ts"
import { critical } from "./alerts.ts"
import { over, posted, sends, turnedDown } from "./sending.ts"
import { answering, canary } from "./verify.ts"

const no = (error_code: number, description: string, parameters?: unknown) =>
  json({ ok: false, error_code, description, ...(parameters !== undefined && { parameters }) }, { status: error_code })
const yes = json({ ok: true, result: { message_id: 1 } })
const moved = (id: unknown) =>
  no(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: id })
const group = "-987654321"

describe("Telegram's sendMessage", () => {
  it.effect.each(
    [
      ["5550001", 5550001, 1000],
      ["-1001234567890", -1001234567890, 3000],
      ["@acme_status", "@acme_status", 1000],
      ["12345678901234567890", "12345678901234567890", 1000],
      ["1.5", "1.5", 1000],
      ["1e3", "1e3", 1000]
    ] as const
  )("to %s gets the message, once", ([to, chat_id, pauseMs]) =>
    Effect.gen(function*() {
      const { calls: [call], outcome } = yield* posted("telegram", to, yes)
      deepStrictEqual(outcome, { pauseMs })
      assert.strictEqual(call?.method, "POST")
      assert.strictEqual(call?.url, `https://api.telegram.org/bot${encodeURIComponent(canary)}/sendMessage`)
      deepStrictEqual(call?.body, { chat_id, ...message(critical) })
    }))

  it.effect("follows a group to its new id, and says so", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* posted("telegram", group, moved(-1001234567890), yes)
      deepStrictEqual(outcome, { pauseMs: 3000, movedTo: "-1001234567890" })
      deepStrictEqual(calls.map(({ body }) => body), [
        { chat_id: Number(group), ...message(critical) },
        { chat_id: -1001234567890, ...message(critical) }
      ])
    }))

  it.effect("follows a group once, and without waiting", () =>
    Effect.gen(function*() {
      const error = yield* refusal(sends.telegram(group))
      deepStrictEqual(
        [error._tag, error.details],
        ["UpstreamRejected", "The group has moved to the chat -1003"]
      )
    }).pipe(Effect.provide(answering([moved(-1002), moved(-1003)]))))

  it.effect("tells what became of the group's new id", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* refusal(sends.telegram(group)), { reason: "throttled", retryAfterMs: 5000 })
    }).pipe(Effect.provide(answering([moved(-1002), no(429, "Too Many Requests", { retry_after: 5 })]))))

  it.effect.each(["-1002", 1.5, null, {}])("does not follow to %j", (id) =>
    Effect.gen(function*() {
      deepStrictEqual(
        yield* turnedDown("telegram", moved(id)),
        ["rejected", "Bad Request: group chat was upgraded to a supergroup chat"]
      )
    }))

  it.effect.each(
    [
      [400, "Bad Request: chat not found"],
      [403, "Forbidden: bot was blocked by the user"],
      [403, "Forbidden: bot was kicked from the supergroup chat"]
    ] as const
  )("%s %s is for good", ([status, words]) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* turnedDown("telegram", no(status, words)), ["rejected", words])
    }))

  it.effect.each([[401, "Unauthorized"], [404, "Not Found"]] as const)(
    "%s means the credentials",
    ([status, words]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* turnedDown("telegram", no(status, words)))[0], "credentials")
      })
  )

  it.effect("throttling is told at once, with the wait", () =>
    Effect.gen(function*() {
      deepStrictEqual(
        yield* turnedDown("telegram", no(429, "Too Many Requests: retry after 35", { retry_after: 35 })),
        ["throttled", "Telegram rate limit exceeded, retry after 35s", 35_000]
      )
    }))

  it.effect.each([[502, "unavailable"], [403, "unreadable"], [200, "unreadable"]] as const)(
    "%s with a page that is not Telegram's may pass",
    ([status, kind]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* turnedDown("telegram", text("<p>", { status })))[0], kind)
      })
  )
})

describe("Telegram's token, when it sends", () => {
  const failures: ReadonlyArray<readonly [what: string, ...script: ReadonlyArray<Answer>]> = [
    ["no connection", failing("ECONNREFUSED")],
    ["a body that breaks off", brokenOff()],
    ["silence", silent],
    ["an outage", text(`no route to /bot${canary}/sendMessage`, { status: 502 })],
    ["refused credentials", no(401, "Unauthorized")],
    ["a refusal", no(403, "Forbidden: bot was blocked by the user")],
    ["a group that moves on and on", moved(-1002), moved(-1003)]
  ]

  it.effect.each(failures)("is in no error and no log: %s", ([, ...script]) =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void logged.push(String(message), Cause.pretty(cause)))
      const error = yield* refusal(sends.telegram(group)).pipe(
        Effect.tap((error) => Effect.logError(error.message, Cause.fail(error))),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.All),
        Effect.provide(answering(script))
      )
      assert.isAbove(logged.length, 0)
      for (const shown of [shownBy(error), logged.join("\n")]) {
        for (const hidden of [canary, "cAnArY", "api.telegram.org"]) assert.notInclude(shown, hidden)
      }
    }))
})

describe("Telegram over real HTTP", () => {
  it.scoped("takes the message, also for a group that has moved", () =>
    Effect.gen(function*() {
      const standIn = yield* makeTelegram()
      const telegram = yield* over(Telegram, standIn.url)
      const send = (to: string, token = "123456:sandbox") =>
        telegram.send({ botToken: Redacted.make(token) }, to, critical, "delivery-1")
      deepStrictEqual(yield* send("-1001234567890"), { pauseMs: 3000 })
      deepStrictEqual(yield* send("@acme_status"), { pauseMs: 1000 })
      deepStrictEqual(yield* send(group), { pauseMs: 3000, movedTo: "-1001234567890" })
      deepStrictEqual((yield* standIn.messages).map(({ channelId, text }) => [channelId, text]), [
        ["-1001234567890", message(critical).text],
        ["-1009876543210", message(critical).text],
        ["-1001234567890", message(critical).text]
      ])
    }))

  it.scoped("refuses in its own words", () =>
    Effect.gen(function*() {
      const standIn = yield* makeTelegram()
      const telegram = yield* over(Telegram, standIn.url)
      const send = (to: string, token = "123456:sandbox") =>
        Effect.flip(telegram.send({ botToken: Redacted.make(token) }, to, critical, "delivery-1"))
      assert.strictEqual((yield* send("5550001")).details, "Forbidden: bot was blocked by the user")
      assert.strictEqual((yield* send("1")).details, "Bad Request: chat not found")
      for (const token of ["123456:wrong", "nonsense"]) {
        assert.deepInclude(yield* send("@acme_status", token), { reason: "credentials" })
      }
      yield* standIn.script(throttled(11), lying)
      assert.deepInclude(yield* send("@acme_status"), { reason: "throttled", retryAfterMs: 11_000 })
      assert.deepInclude(yield* send("@acme_status"), { reason: "unreadable" })
    }))
})
