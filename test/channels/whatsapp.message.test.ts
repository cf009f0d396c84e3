import { assert, describe, it } from "@effect/vitest"
import { link } from "../../src/channels/text.ts"
import { message } from "../../src/channels/whatsapp/message.ts"
import type { Alert } from "../../src/domain/Alert.ts"
import { anyAlert, critical, longest, resolved, said, trial, unsafe } from "./alerts.ts"

const shown = (alert: Alert) => message(alert, {}).template.components[0].parameters[0].text

describe("WhatsApp's message", () => {
  it("of a critical alert that stands for more", () => {
    assert.deepStrictEqual(message(critical, {}), {
      type: "template",
      template: {
        name: "alert",
        language: { code: "en_US" },
        components: [{
          type: "body",
          parameters: [{
            type: "text",
            text: "🔴 CRITICAL: TypeError: order is undefined & <unknown> | and 12 more like it | " +
              "checkout_service at pay() user_id is *missing* | Project: proj-001 | " +
              "sentry.issue.created from sentry | 2026-03-21 14:00:05 UTC | " +
              "https://acme.sentry.io/issues/4812345/?project=1&referrer=alert"
          }]
        }]
      }
    })
  })

  it("of what is over, or looked at, or only a test", () => {
    const about = "TypeError: order is undefined & <unknown>"
    const facts = "sentry.issue.created from sentry | 2026-03-21 14:00:05 UTC"
    assert.strictEqual(shown(resolved), `✅ RESOLVED (was critical): ${about} | ${facts}`)
    assert.strictEqual(
      shown({ ...resolved, state: "acknowledged" }),
      `👀 ACKNOWLEDGED (critical): ${about} | ${facts}`
    )
    assert.strictEqual(
      shown(trial),
      "🧪 TEST: 🔵 INFO: Test of route-001 | This is a test message. Nothing has happened. | " +
        "alert.test from api | 2026-03-21 14:00:05 UTC"
    )
  })

  it("uses the template that is configured", () => {
    const { template } = message(resolved, { templateName: "incident_alert", templateLanguage: "pt_BR" })
    assert.deepStrictEqual([template.name, template.language], ["incident_alert", { code: "pt_BR" }])
  })

  it("gives the link its room before the text", () => {
    const url = `https://acme.test/${"a".repeat(600)}`
    const text = shown({ ...critical, url, text: "word ".repeat(200) })
    assert.isTrue(text.endsWith(` | ${url}`))
    assert.match(text, / \| word [word ]+… \| Project/)
    assert.isAtMost(text.length, 900)
  })

  it.prop("is one parameter in one line within WhatsApp's limits", [anyAlert], ([alert]) => {
    const text = shown(alert)
    assert.isTrue(text.length >= 1 && text.length <= 900, String(text.length))
    assert.notMatch(text, unsafe)
    assert.notMatch(text, /[\n\r\t]|\s{5}/)
  })

  it("fits however much there is to say, and however long the link is", () => {
    for (let length = 20; length < 1000; length += 7) assert.isAtMost(shown(longest(length)).length, 900)
    assert.include(shown(longest(300)), "https://acme.test/")
  })

  it.prop("says what it has to", [anyAlert], ([alert]) => {
    const text = shown(alert)
    for (const words of said(alert)) assert.match(text, words)
    const url = link(alert.url, 300)
    if (url !== "") assert.isTrue(text.endsWith(url))
  })
})
