import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { signaturesOf, signs } from "../../src/services/webhookSignature.ts"
import { bytesOf, hmac } from "./webhooks.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

/** The vectors of the upstream fact sheet. */
const vectors = [
  [
    "pd-secret",
    `{"event":{"id":"01EVT","event_type":"incident.acknowledged","data":{"title":"Größe — 🔥"}}}`,
    "df6828e6c6eca1b31455a3b30f77ff231f830ff09e7cb0a74316028e1d80cd47"
  ],
  [
    "lin-secret",
    `{"action":"create","type":"Issue","webhookTimestamp":1767225600000,"data":{"title":"Größe — 🔥"}}`,
    "bd2119f3476d06fa4debb9e31bd47243c5e871f09d69deb1d081559d70f7e2d7"
  ],
  [
    "sentry-client-secret",
    `{"action":"triggered","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},` +
    `"data":{"event":{"project":1,"received":1566248777.0,"title":"Gr\\u00f6\\u00dfe"},"triggered_rule":"R"},` +
    `"actor":{"type":"application","id":"sentry","name":"Sentry"}}`,
    "147dcffdfb38404f6c45b496616237abb2a3da5dd79b729aea9ad21aec4d500e"
  ]
] as const

describe("a webhook's signature", () => {
  it("is the vendors' own", () => {
    for (const [secret, body, signature] of vectors) {
      assert.isTrue(signs(Redacted.make(secret), bytesOf(body), signaturesOf([signature])), secret)
      assert.isTrue(signs(Redacted.make(secret), bytesOf(body), signaturesOf([signature.toUpperCase()])), secret)
      assert.isFalse(signs(Redacted.make("other"), bytesOf(body), signaturesOf([signature])), secret)
      const printedAnew = JSON.stringify({ ...JSON.parse(body), extra: 1 })
      assert.isFalse(signs(Redacted.make(secret), bytesOf(printedAnew), signaturesOf([signature])), secret)
    }
  })

  it("has the form of a SHA-256 in hex, or is none", () => {
    const good = hex(hmac("s", "b"))
    for (const odd of ["", "abc", good.slice(1), `${good}0`, "g".repeat(64), "é".repeat(64), ` ${good}`, `${good}\n`]) {
      assert.lengthOf(signaturesOf([odd]), 0, odd)
    }
    assert.lengthOf(signaturesOf([good, "abc", good.toUpperCase()]), 2)
    assert.lengthOf(signaturesOf(Array.from({ length: 50 }, () => good)), 10)
    assert.isFalse(signs(Redacted.make("s"), bytesOf("b"), []))
    assert.isFalse(signs(Redacted.make("s"), bytesOf("b"), [hmac("s", "b").subarray(1)]))
  })

  it("is of those bytes and of no others", () => {
    const body = FastCheck.uint8Array({ minLength: 1, maxLength: 64 })
    const secret = FastCheck.string({ minLength: 1 })
    FastCheck.assert(
      FastCheck.property(
        body,
        secret,
        FastCheck.nat(),
        FastCheck.integer({ min: 1, max: 255 }),
        (body, secret, at, by) => {
          const signatures = [hmac("another", body), hmac(secret, body)]
          assert.isTrue(signs(Redacted.make(secret), body, signatures))
          const changed = body.map((byte, index) => index === at % body.length ? byte ^ by : byte)
          assert.isFalse(signs(Redacted.make(secret), changed, signatures))
          assert.isFalse(signs(Redacted.make(`${secret}x`), body, [hmac(secret, body)]))
        }
      )
    )
  })
})
