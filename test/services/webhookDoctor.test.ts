import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { type Case, diagnose, largestExamined, otherForms } from "../../src/services/signatureDoctor.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { bytesOf, hmac, redacted } from "./webhooks.ts"

const suspect = (orgId: typeof acme, ...secrets: ReadonlyArray<string>) => ({ orgId, secrets: redacted(secrets) })

/** What the doctor says of a body that came, and of the form in which it was signed with acme's first secret. */
const said = (came: string | Uint8Array, signed: string | Uint8Array, changes: Partial<Case> = {}) =>
  diagnose({
    body: typeof came === "string" ? bytesOf(came) : came,
    signatures: [hmac("a", signed)],
    suspects: [suspect(acme, "a", "b"), suspect(globex, "g")],
    known: undefined,
    thorough: true,
    ...changes
  })

const value = { title: "Größe 🔥 / 10", list: [1, 2.5, {}], empty: [], text: "a,\nb: {\n}", nested: { "x, y": null } }
const compact = JSON.stringify(value)
const ascii = compact.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

describe("a body that was altered", () => {
  it("is told by the form that was signed", () => {
    const spaced = `{"title": "Größe 🔥 / 10", "list": [1, 2.5, {}], "empty": [], "text": "a,\\nb: {\\n}", ` +
      `"nested": {"x, y": null}}`
    const forms = [
      [compact, "compact JSON"],
      [ascii, "compact JSON with \\u escapes"],
      [ascii.replaceAll("/", "\\/"), "compact JSON with \\u and \\/ escapes"],
      [spaced, "JSON with spaces after commas and colons"],
      [spaced.replace("ö", "\\u00f6").replace("ß", "\\u00df").replace("🔥", "\\ud83d\\udd25"), "and \\u escapes"],
      [JSON.stringify(value, null, 2), "indented JSON"]
    ] as const
    for (const [signed, name] of forms) {
      for (const came of [...forms.map(([form]) => form), JSON.stringify(value, null, "\t")]) {
        if (came === signed) continue
        const { details, orgId, reason } = said(came, signed)
        assert.deepStrictEqual([reason, orgId], ["altered", acme], name)
        assert.include(details, name)
      }
    }
  })

  it("is told where white space around it came or went, whatever it holds", () => {
    for (const text of [compact, "not JSON", "[1"]) {
      assert.include(said(`\ufeff ${text}\r\n`, text).details, "without white space around it")
      assert.include(said(text, `${text}\n`).details, "with a line break at its end")
    }
  })

  it("is told by the previous secret as well, and by any other suspect's", () => {
    const signatures = [hmac("b", compact)]
    assert.deepInclude(said(` ${compact}`, "", { signatures }), { reason: "altered", orgId: acme })
    assert.deepInclude(said(` ${compact}`, "", { signatures: [hmac("g", compact)] }), { orgId: globex })
  })

  it("is nobody's where several share the secret", () => {
    const suspects = [suspect(acme, "a"), suspect(globex, "a")]
    assert.deepInclude(said(` ${compact}`, compact, { suspects }), { reason: "altered", orgId: undefined })
  })

  it("is not looked for in large, deep or broken bodies, nor when there is no time", () => {
    const large = `"${"x".repeat(largestExamined)}"`
    const deep = `${"[".repeat(10_000)}1 ${"]".repeat(10_000)}`
    const broken = new Uint8Array([0x20, 0x22, 0xff, 0x22])
    assert.strictEqual(said(` ${large}`, large).reason, "wrong-secret")
    assert.strictEqual(said(deep, deep.replace(" ", "")).reason, "wrong-secret")
    assert.strictEqual(said(broken, broken.subarray(1)).reason, "wrong-secret")
    assert.strictEqual(said(` ${compact}`, compact, { thorough: false }).reason, "wrong-secret")
    assert.deepStrictEqual(otherForms(bytesOf(` ${large}`)), [])
  })
})

describe("a body that was not altered", () => {
  it("was signed with another secret, or there is none", () => {
    const signatures = [hmac("other", compact)]
    assert.deepInclude(said(compact, "", { signatures }), { reason: "wrong-secret", orgId: undefined })
    assert.strictEqual(said(compact, "", { suspects: [] }).reason, "no-secret")
    assert.strictEqual(said(compact, "", { suspects: [suspect(acme), suspect(globex)] }).reason, "no-secret")
  })

  it("is judged by the secrets of the org that is known", () => {
    const suspects = [suspect(acme), suspect(globex, "g")]
    assert.strictEqual(said(compact, "", { suspects, known: acme }).reason, "no-secret")
    assert.strictEqual(said(compact, "", { suspects, known: globex }).reason, "wrong-secret")
  })
})

describe("the forms of a body", () => {
  it("are few, bounded in size, and none is the body itself", () => {
    const body = FastCheck.oneof(
      FastCheck.json().map(bytesOf),
      FastCheck.string().map(bytesOf),
      FastCheck.uint8Array(),
      FastCheck.constantFrom("[", "{\"a\":", "\"\\\"", "\\", "\u2028", "1e999,").map((part) =>
        bytesOf(part.repeat(9000))
      )
    )
    FastCheck.assert(
      FastCheck.property(body, (body) => {
        const forms = otherForms(body)
        assert.isAtMost(forms.length, 8)
        const texts = forms.map(({ bytes }) => Buffer.from(bytes).toString("base64"))
        assert.strictEqual(new Set([...texts, Buffer.from(body).toString("base64")]).size, forms.length + 1)
        for (const { bytes } of forms) assert.isAtMost(bytes.length, 6 * largestExamined)
      }),
      { numRuns: 300 }
    )
  })

  it("do not grow with nesting", () => {
    const deep = `${"[".repeat(32)}${"1,".repeat(30_000)}1${"]".repeat(32)}`
    assert.isAbove(otherForms(bytesOf(deep)).length, 0)
    for (const { bytes } of otherForms(bytesOf(deep))) assert.isAtMost(bytes.length, 2 * largestExamined)
  })
})
