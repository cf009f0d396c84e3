import { assert, describe, it } from "@effect/vitest"
import { message } from "../../src/channels/slack/message.ts"
import { link } from "../../src/channels/text.ts"
import { anyAlert, critical, resolved, said, stringsIn, trial, unsafe } from "./alerts.ts"

const header = (text: string) => ({ type: "header", text: { type: "plain_text", text, emoji: true } }) as const
const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true }) as const
const section = (text: string) => ({ type: "section", text: mrkdwn(text) }) as const
const context = (text: string) => ({ type: "context", elements: [mrkdwn(text)] }) as const

describe("Slack's message", () => {
  it("of a critical alert that stands for more", () => {
    assert.deepStrictEqual(message(critical), {
      text: "🔴 CRITICAL: TypeError: order is undefined &amp; &lt;unknown&gt;, and 12 more like it",
      blocks: [
        header("🔴 CRITICAL"),
        section("*TypeError: order is undefined &amp; &lt;unknown&gt;*"),
        section("checkout_service at pay()\nuser_id is *missing*"),
        section("*and 12 more like it*"),
        section("<https://acme.sentry.io/issues/4812345/?project=1&amp;referrer=alert|Open the details>"),
        context("sentry.issue.created from sentry  ·  2026-03-21 14:00:05 UTC  ·  proj-001")
      ],
      unfurl_links: false
    })
  })

  it("of what is over, or looked at, or only a test", () => {
    const about = "*TypeError: order is undefined &amp; &lt;unknown&gt;*"
    const facts = context("sentry.issue.created from sentry  ·  2026-03-21 14:00:05 UTC")
    assert.deepStrictEqual(message(resolved).blocks, [header("✅ RESOLVED (was critical)"), section(about), facts])
    assert.deepStrictEqual(message({ ...resolved, state: "acknowledged" }).blocks, [
      header("👀 ACKNOWLEDGED (critical)"),
      section(about),
      facts
    ])
    assert.deepStrictEqual(message(trial), {
      text: "🧪 TEST: 🔵 INFO: Test of route-001",
      blocks: [
        header("🧪 TEST: 🔵 INFO"),
        section("*Test of route-001*"),
        section("This is a test message. Nothing has happened."),
        context("alert.test from api  ·  2026-03-21 14:00:05 UTC")
      ],
      unfurl_links: false
    })
  })

  it("has no link that could begin another one", () => {
    const { blocks } = message({ ...resolved, url: "https://acme.test/a|b?c=<!channel>&d=>#|e" })
    assert.deepStrictEqual(
      blocks[2],
      section("<https://acme.test/a%7Cb?c=%3C!channel%3E&amp;d=%3E#%7Ce|Open the details>")
    )
    assert.deepStrictEqual(message({ ...resolved, url: "javascript:alert(1)" }), message(resolved))
  })

  it.prop("keeps to Slack's limits", [anyAlert], ([alert]) => {
    const { blocks, text } = message(alert)
    assert.isTrue(text.length >= 1 && text.length <= 2000)
    assert.isAtMost(blocks.length, 50)
    for (const block of blocks) {
      const texts = block.type === "context" ? block.elements : [block.text]
      for (const { text } of texts) {
        assert.isTrue(text.length >= 1 && text.length <= (block.type === "header" ? 150 : 3000), text)
      }
    }
  })

  it.prop("has no markup but ours", [anyAlert], ([alert]) => {
    for (const text of stringsIn(message(alert))) {
      assert.notMatch(text, unsafe)
      const others = text.replace(/^<https?:\/\/[^<>|\s]+\|Open the details>$/, "")
      assert.notMatch(others, /[<>]|&(?!(?:amp|lt|gt);)/)
    }
  })

  it.prop("says what it has to", [anyAlert], ([alert]) => {
    const sent = message(alert)
    const blocks = stringsIn(sent.blocks).join("\n")
    for (const words of said(alert)) assert.match(blocks, words)
    assert.match(sent.text, new RegExp(alert.severity, "i"))
    // Each `&` takes five characters.
    const url = link(alert.url, 580)
    if (url !== "") assert.include(blocks, `<${url.replaceAll("&", "&amp;")}|Open the details>`)
  })
})
