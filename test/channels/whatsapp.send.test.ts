import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { message } from "../../src/channels/whatsapp/message.ts"
import { WhatsApp } from "../../src/channels/whatsapp/WhatsApp.ts"
import { status, throttled } from "../../src/sandbox/Fault.ts"
import { makeWhatsApp } from "../../src/sandbox/whatsapp.ts"
import { json, text } from "../fakes/Upstream.ts"
import { critical } from "./alerts.ts"
import { over, posted, turnedDown } from "./sending.ts"
import { canary } from "./verify.ts"

const yes = json({
  messaging_product: "whatsapp",
  contacts: [{ input: "5511900000000", wa_id: "5511900000000" }],
  messages: [{ id: "wamid.1", message_status: "accepted" }]
})
const no = (code: number, status = 400, extra = {}) =>
  json({ error: { message: `(#${code}) title`, type: "OAuthException", code, fbtrace_id: "x", ...extra } }, { status })
const kindOf = (answer: typeof yes) => Effect.map(turnedDown("whatsapp", answer), ([kind]) => kind)

describe("WhatsApp's messages", () => {
  it.effect.each(["5511900000000", "+5511900000000"])("to %s get the template, once", (to) =>
    Effect.gen(function*() {
      const { calls: [call], outcome } = yield* posted("whatsapp", to, yes)
      deepStrictEqual(outcome, { pauseMs: 0 })
      deepStrictEqual([call?.method, call?.url], ["POST", "https://graph.facebook.com/v23.0/15550001111/messages"])
      assert.strictEqual(call?.headers["authorization"], `Bearer ${canary}`)
      deepStrictEqual(call?.body, { messaging_product: "whatsapp", to: "5511900000000", ...message(critical, {}) })
    }))

  it.effect.each([33, 100, 368, 131026, 131030, 131031, 131047, 132000, 132001, 132015])(
    "code %s is for good, and explained by its details",
    (code) =>
      Effect.gen(function*() {
        const error_data = { messaging_product: "whatsapp", details: "Why it is so" }
        deepStrictEqual(yield* turnedDown("whatsapp", no(code, 400, { error_data })), ["rejected", "Why it is so"])
        deepStrictEqual(yield* turnedDown("whatsapp", no(code)), ["rejected", `(#${code}) title`])
      })
  )

  it.effect.each([[0, 401], [190, 401], [10, 403], [200, 403], [299, 403]] as const)(
    "code %s means the credentials",
    ([code, status]) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* kindOf(no(code, status)), "credentials")
      })
  )

  it.effect.each([4, 80007, 130429, 131048, 131056])(
    "code %s is throttling, told at once",
    (code) =>
      Effect.gen(function*() {
        deepStrictEqual(
          yield* turnedDown("whatsapp", no(code)),
          ["throttled", "WhatsApp rate limit exceeded", undefined]
        )
      })
  )

  it.effect.each([1, 2, 131000, 131016, 133004])("code %s may pass", (code) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* kindOf(no(code)), "unavailable")
    }))

  it.effect("is_transient, an outage and a page that is not WhatsApp's may pass", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* kindOf(no(100, 400, { is_transient: true })), "unavailable")
      assert.strictEqual(yield* kindOf(text("<p>", { status: 503 })), "unavailable")
      assert.strictEqual(yield* kindOf(text("<p>")), "unreadable")
      assert.strictEqual(yield* kindOf(json({ messages: [] })), "unreadable")
    }))
})

describe("WhatsApp over real HTTP", () => {
  it.scoped("takes the template, and refuses in its own words", () =>
    Effect.gen(function*() {
      const standIn = yield* makeWhatsApp()
      const whatsapp = yield* over(WhatsApp, standIn.url)
      const config = { accessToken: Redacted.make("EAAsandbox"), phoneNumberId: "15550001111" }
      const send = (to: string, changes: Partial<Parameters<typeof whatsapp.send>[0]> = {}) =>
        whatsapp.send({ ...config, ...changes }, to, critical, "delivery-1")
      deepStrictEqual(yield* send("+5511900000000"), { pauseMs: 0 })
      const [kept] = yield* standIn.messages
      deepStrictEqual([kept?.channelId, kept?.text], [
        "5511900000000",
        message(critical, {}).template.components[0].parameters[0].text
      ])
      const stranger = yield* Effect.flip(send("16505550000"))
      deepStrictEqual([stranger._tag, stranger.details], [
        "UpstreamRejected",
        "(#131030) Recipient phone number not in allowed list"
      ])
      const template = yield* Effect.flip(send("5511900000000", { templateName: "other", templateLanguage: "pt_BR" }))
      deepStrictEqual([template._tag, template.details], [
        "UpstreamRejected",
        "template name (other) does not exist in pt_BR"
      ])
      const token = yield* Effect.flip(send("5511900000000", { accessToken: Redacted.make("bad") }))
      assert.deepInclude(token, { reason: "credentials" })
      yield* standIn.script(throttled(60), status(503))
      assert.deepInclude(yield* Effect.flip(send("5511900000000")), { reason: "throttled" })
      assert.deepInclude(yield* Effect.flip(send("5511900000000")), { reason: "unavailable" })
      assert.lengthOf(yield* standIn.messages, 1)
    }))
})
