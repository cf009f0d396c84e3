import { assert, describe, it } from "@effect/vitest"
import { message } from "../../src/channels/telegram/message.ts"
import { link } from "../../src/channels/text.ts"
import { anyAlert, critical, longest, resolved, said, trial, unsafe } from "./alerts.ts"

const shown = (alert: typeof critical) => message(alert).text.split("\n")

describe("Telegram's message", () => {
  it("of a critical alert that stands for more", () => {
    assert.deepStrictEqual(message(critical).link_preview_options, { is_disabled: true })
    assert.deepStrictEqual(shown(critical), [
      "🔴 CRITICAL: TypeError: order is undefined & <unknown>",
      "",
      "checkout_service at pay()",
      "user_id is *missing*",
      "",
      "and 12 more like it",
      "",
      "Project: proj-001",
      "Event: sentry.issue.created from sentry",
      "Time: 2026-03-21 14:00:05 UTC",
      "",
      "https://acme.sentry.io/issues/4812345/?project=1&referrer=alert"
    ])
  })

  it("of what is over, or looked at, or only a test", () => {
    const facts = ["", "Event: sentry.issue.created from sentry", "Time: 2026-03-21 14:00:05 UTC"]
    assert.deepStrictEqual(shown(resolved), [
      "✅ RESOLVED (was critical): TypeError: order is undefined & <unknown>",
      ...facts
    ])
    assert.deepStrictEqual(shown({ ...resolved, state: "acknowledged" }), [
      "👀 ACKNOWLEDGED (critical): TypeError: order is undefined & <unknown>",
      ...facts
    ])
    assert.deepStrictEqual(shown(trial), [
      "🧪 TEST: 🔵 INFO: Test of route-001",
      "This is a test message. Nothing has happened.",
      "",
      "Event: alert.test from api",
      "Time: 2026-03-21 14:00:05 UTC"
    ])
  })

  it.prop("is plain text within Telegram's limits", [anyAlert], ([alert]) => {
    const sent = message(alert)
    assert.deepStrictEqual(Object.keys(sent), ["text", "link_preview_options"])
    assert.isTrue(sent.text.length >= 1 && sent.text.length <= 4096, String(sent.text.length))
    assert.notMatch(sent.text, unsafe)
  })

  it("fits however much there is to say, and however long the link is", () => {
    for (let length = 20; length < 5000; length += 50) assert.isAtMost(message(longest(length)).text.length, 4096)
    assert.include(message(longest(1300)).text, "https://acme.test/")
  })

  it.prop("says what it has to, its link in a line of its own", [anyAlert], ([alert]) => {
    const { text } = message(alert)
    for (const words of said(alert)) assert.match(text, words)
    const url = link(alert.url, 1000)
    if (url !== "") assert.strictEqual(text.split("\n").at(-1), url)
  })
})
