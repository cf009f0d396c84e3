import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { cut, line, lines, link } from "../../src/channels/text.ts"
import { anyText, unsafe } from "./alerts.ts"

const most = FastCheck.integer({ min: 1, max: 80 })
const doubled = (text: string) => text.length * 2
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })
const clusters = (text: string) => [...segmenter.segment(text)].map(({ segment }) => segment)

describe("cut", () => {
  it.prop("fits, and is the text itself wherever that fits", [anyText, most], ([text, most]) => {
    for (const size of [(text: string) => text.length, doubled]) {
      const shown = cut(text, most, size)
      if (size(text) <= most) assert.strictEqual(shown, text)
      else {
        assert.isTrue(shown.endsWith("…"))
        assert.isAtMost(size(shown.slice(0, -1)) + 1, most)
      }
    }
  })

  it.prop("keeps as many whole characters as there is room for", [anyText, most], ([text, most]) => {
    const head = text.slice(0, 1000)
    if (head.length <= most) return
    let kept = ""
    for (const cluster of clusters(head)) {
      if (kept.length + cluster.length >= most) break
      kept += cluster
    }
    assert.strictEqual(cut(head, most), `${kept.trimEnd()}…`)
  })

  it.each([
    ["👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 12, "👨‍👩‍👧‍👦…"],
    ["👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 11, "…"],
    ["🇧🇷🇺🇸", 7, "🇧🇷…"],
    ["ae\u0301b", 3, "a…"],
    ["👍👍🏽", 4, "👍…"],
    ["abc def", 5, "abc…"],
    ["abc", 3, "abc"],
    ["", 0, ""]
  ])("%j to %s", (text, most, shown) => assert.strictEqual(cut(text, most), shown))
})

describe("line and lines", () => {
  it.prop("hold nothing unsafe", [anyText], ([text]) => {
    assert.notMatch(line(text), /\s{2}|\n/)
    assert.notMatch(lines(text), /\n{3}|\t/)
    for (const shown of [line(text), lines(text)]) {
      assert.notMatch(shown, unsafe)
      assert.strictEqual(shown, shown.trim())
    }
  })

  it.each([
    ["a\r\nb\u2028c\td", "a\nb\nc d"],
    ["x\ud83d\u0000\ude00y", "x\ufffd\ufffdy"],
    ["\u202egnp.exe\u202c", "gnp.exe"],
    ["\u001b[31mred", "[31mred"]
  ])("clean %j", (text, shown) => assert.strictEqual(lines(text), shown))

  it("mark that they looked at the beginning alone, and split no pair there", () => {
    assert.strictEqual(lines("\u0000".repeat(20_000) + "x"), "…")
    assert.strictEqual(line(`${"a".repeat(16_383)}🔥`), `${"a".repeat(16_383)}…`)
  })
})

describe("link", () => {
  it.each([
    ["https://acme.test/a b|c>d<e\"f`g", "https://acme.test/a%20b%7Cc%3Ed%3Ce%22f%60g"],
    ["https://acme.test/?q=a|b&c=[d]#e|f", "https://acme.test/?q=a%7Cb&c=[d]#e%7Cf"],
    ["https://bücher.test/é", "https://xn--bcher-kva.test/%C3%A9"],
    ["HTTP://acme.test", "http://acme.test/"],
    ["javascript:alert(1)", ""],
    ["slack://channel", ""],
    ["/relative", ""],
    [null, ""]
  ])("%j", (url, shown) => assert.strictEqual(link(url, 200), shown))

  it("is whole or not at all", () => {
    const url = `https://acme.test/${"a".repeat(100)}`
    assert.strictEqual(link(url, url.length), url)
    assert.strictEqual(link(url, url.length - 1), "")
  })

  it.prop("is in the characters of a URL", [anyText], ([text]) => {
    assert.match(link(`https://acme.test/${text}`, 1_000_000), /^https:\/\/acme\.test\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/)
  })
})
