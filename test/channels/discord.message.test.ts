import { assert, describe, it } from "@effect/vitest"
import { message } from "../../src/channels/discord/message.ts"
import { link } from "../../src/channels/text.ts"
import { severities } from "../../src/domain/Event.ts"
import { anyAlert, critical, resolved, said, stringsIn, trial, unsafe } from "./alerts.ts"

describe("Discord's message", () => {
  it("of a critical alert that stands for more", () => {
    assert.deepStrictEqual(message(critical), {
      embeds: [{
        title: "🔴 CRITICAL: TypeError: order is undefined & \\<unknown\\>",
        url: "https://acme.sentry.io/issues/4812345/?project=1&referrer=alert",
        color: 0xe74c3c,
        description: "checkout\\_service at pay()\nuser\\_id is \\*missing\\*\n\n**and 12 more like it**",
        fields: [
          { name: "Project", value: "proj-001", inline: true },
          { name: "Event", value: "sentry.issue.created from sentry", inline: true }
        ],
        footer: { text: "2026-03-21 14:00:05 UTC" }
      }],
      allowed_mentions: { parse: [] }
    })
  })

  it("of what is over, or looked at, or only a test", () => {
    const over = {
      title: "✅ RESOLVED (was critical): TypeError: order is undefined & \\<unknown\\>",
      color: 0x2ecc71,
      fields: [{ name: "Event", value: "sentry.issue.created from sentry", inline: true }],
      footer: { text: "2026-03-21 14:00:05 UTC" }
    }
    assert.deepStrictEqual(message(resolved).embeds, [over])
    assert.deepStrictEqual(message({ ...resolved, state: "acknowledged" }).embeds, [{
      ...over,
      title: "👀 ACKNOWLEDGED (critical): TypeError: order is undefined & \\<unknown\\>",
      color: 0x9b59b6
    }])
    assert.deepStrictEqual(message(trial).embeds, [{
      title: "🧪 TEST: 🔵 INFO: Test of route-001",
      color: 0x95a5a6,
      description: "*This is a test message. Nothing has happened.*",
      fields: [{ name: "Event", value: "alert.test from api", inline: true }],
      footer: { text: "2026-03-21 14:00:05 UTC" }
    }])
  })

  it("has a colour of its own for each severity, and for what is over", () => {
    const colors = [...severities.map((severity) => ({ ...critical, severity })), resolved, trial]
      .map((alert) => message(alert).embeds[0].color)
    assert.strictEqual(new Set(colors).size, colors.length)
  })

  it.each([
    ["[pay](https://evil.test)", "\\[pay\\](https://evil.test)"],
    ["<@1> @everyone <https://evil.test>", "\\<\\@1\\> \\@everyone \\<https://evil.test\\>"],
    ["`a` ||b|| ~~c~~ # d \\", "\\`a\\` \\|\\|b\\|\\| \\~\\~c\\~\\~ \\# d \\\\"],
    ["see https://acme.test/a_b#c_d, _now_", "see https://acme.test/a_b#c_d, \\_now\\_"],
    ["https://a[b](https://evil.test)", "https://a\\[b\\](https://evil.test)"],
    ["https://a.test/@everyone", "https://a.test/\\@everyone"]
  ])("shows %s as it stands", (text, shown) => {
    assert.strictEqual(message({ ...resolved, text }).embeds[0].description, shown)
  })

  it.prop("keeps to Discord's limits", [anyAlert], ([alert]) => {
    const { allowed_mentions, embeds: [embed] } = message(alert)
    assert.deepStrictEqual(allowed_mentions, { parse: [] })
    const parts: Array<readonly [text: string, most: number]> = [
      [embed.title, 256],
      ...embed.fields.flatMap(({ name, value }) => [[name, 256], [value, 1024]] as const),
      [embed.footer.text, 2048],
      ...(embed.description === undefined ? [] : [[embed.description, 4096]] as const)
    ]
    for (const [text, most] of parts) assert.isTrue(text.length >= 1 && text.length <= most, text)
    assert.isAtMost(parts.map(([text]) => text).join("").length, 6000)
    assert.isAtMost(embed.fields.length, 25)
  })

  it.prop("has no markup but ours", [anyAlert], ([alert]) => {
    const { url = "", ...embed } = message(alert).embeds[0]
    for (const text of stringsIn(embed)) {
      assert.notMatch(text, unsafe)
      const unescaped = text.replace(/\\[^0-9A-Za-z\s]/g, "")
      assert.notMatch(unescaped, /[<>[\]@|`~\\]/)
      assert.notMatch(
        unescaped.replace(/\*\*and \d+ more like it\*\*$|^\*This is a test message\. Nothing has happened\.\*/g, ""),
        /\*/
      )
    }
    if (url !== "") assert.match(new URL(url).protocol, /^https?:$/)
  })

  it.prop("says what it has to", [anyAlert], ([alert]) => {
    const [embed] = message(alert).embeds
    const text = stringsIn(embed).join("\n")
    for (const words of said(alert)) assert.match(text, words)
    const url = link(alert.url, 1000)
    if (url !== "") assert.strictEqual(embed.url, url)
  })
})
