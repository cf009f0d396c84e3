import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { html, reset, stalled, status, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { ask, Broken } from "./ask.ts"

describe("all stand-ins together", () => {
  it.scoped("run on ports of their own and tell the service where", () =>
    Effect.gen(function*() {
      const standIns = yield* StandIns
      const { environment } = standIns
      assert.sameMembers(Object.keys(environment), [
        "PAGERDUTY_API_URL",
        "LINEAR_API_URL",
        "SENTRY_API_URL",
        "SLACK_API_URL",
        "DISCORD_API_URL",
        "TELEGRAM_API_URL",
        "WHATSAPP_API_URL"
      ])
      assert.match(environment["LINEAR_API_URL"] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/graphql$/)
      assert.strictEqual(environment["SENTRY_API_URL"], standIns.sentry.url)
      assert.strictEqual(new Set(Object.values(environment)).size, 7)
      for (const url of Object.values(environment)) {
        assert.strictEqual((yield* ask(new URL("/_sandbox/calls", url).href)).text, "[]")
      }
    }).pipe(Effect.provide(StandIns.layer())))

  it.scoped("misbehave alike, each in its own way", () =>
    Effect.gen(function*() {
      const { environment, ...standIns } = yield* StandIns
      for (const standIn of [standIns.pagerduty, standIns.sentry, standIns.discord, standIns.telegram]) {
        yield* standIn.script(throttled(1))
        assert.strictEqual((yield* ask(standIn.url)).status, 429, standIn.vendor)
      }
      for (const standIn of Object.values(standIns)) {
        yield* standIn.script(status(500), html, reset, truncated, stalled)
        assert.strictEqual((yield* ask(standIn.url, { body: {} })).status, 500, standIn.vendor)
        assert.match((yield* ask(standIn.url, { body: {} })).text, /^<!DOCTYPE html>/, standIn.vendor)
        assert.instanceOf(yield* Effect.flip(ask(standIn.url, { body: {} })), Broken, standIn.vendor)
        assert.instanceOf(yield* Effect.flip(ask(standIn.url, { body: {} })), Broken, standIn.vendor)
        const headersOnly = yield* Effect.promise(async (signal) => {
          const response = await fetch(standIn.url, { method: "POST", body: "{}", signal })
          await response.body?.cancel()
          return Number(response.headers.get("content-length"))
        })
        assert.isAbove(headersOnly, 1, standIn.vendor)
        assert.isAbove((yield* standIn.calls).length, 4, standIn.vendor)
      }
      assert.lengthOf(Object.keys(environment), 7)
    }).pipe(Effect.provide(StandIns.layer())))

  it("are configured in the order in which the service lists them", () => {
    assert.deepStrictEqual(sandboxCredentials.map(({ integration }) => integration), [
      "pagerduty",
      "linear",
      "sentry",
      "slack",
      "discord",
      "telegram",
      "whatsapp"
    ])
  })
})
