import { assert, describe, it } from "@effect/vitest"
import { signatureHeaders } from "../../src/sandbox/signature.ts"

// The vectors of the upstream fact sheet; Sentry's body holds its escapes and its float literally.
const pagerduty = "{\"event\":{\"id\":\"01EVT\",\"event_type\":\"incident.acknowledged\"," +
  "\"data\":{\"title\":\"Größe — 🔥\"}}}"
const linear = "{\"action\":\"create\",\"type\":\"Issue\",\"webhookTimestamp\":1767225600000," +
  "\"data\":{\"title\":\"Größe — 🔥\"}}"
const sentry = "{\"action\":\"triggered\",\"installation\":{\"uuid\":\"a8e5d37a-696c-4c54-adb5-b3f28d64c7de\"}," +
  "\"data\":{\"event\":{\"project\":1,\"received\":1566248777.0,\"title\":\"Gr\\u00f6\\u00dfe\"}," +
  "\"triggered_rule\":\"R\"},\"actor\":{\"type\":\"application\",\"id\":\"sentry\",\"name\":\"Sentry\"}}"

describe("webhook signatures", () => {
  it("are PagerDuty's, with their version", () => {
    assert.deepStrictEqual(signatureHeaders.pagerduty("pd-secret", pagerduty), {
      "x-pagerduty-signature": "v1=df6828e6c6eca1b31455a3b30f77ff231f830ff09e7cb0a74316028e1d80cd47"
    })
  })

  it("are Linear's", () => {
    assert.deepStrictEqual(signatureHeaders.linear("lin-secret", linear), {
      "linear-signature": "bd2119f3476d06fa4debb9e31bd47243c5e871f09d69deb1d081559d70f7e2d7"
    })
  })

  it("are Sentry's, over the bytes as sent", () => {
    assert.deepStrictEqual(signatureHeaders.sentry("sentry-client-secret", sentry), {
      "sentry-hook-signature": "147dcffdfb38404f6c45b496616237abb2a3da5dd79b729aea9ad21aec4d500e"
    })
    const restringified = JSON.stringify(JSON.parse(sentry))
    assert.match(signatureHeaders.sentry("sentry-client-secret", restringified)["sentry-hook-signature"], /^8ee855e7/)
  })

  it("are the same over text and over its bytes", () => {
    assert.deepStrictEqual(
      signatureHeaders.sentry("s", new TextEncoder().encode(sentry)),
      signatureHeaders.sentry("s", sentry)
    )
  })
})
