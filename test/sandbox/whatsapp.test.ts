import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { throttled } from "../../src/sandbox/Fault.ts"
import { makeWhatsApp } from "../../src/sandbox/whatsapp.ts"
import { ask, json, read } from "./ask.ts"

const headers = { authorization: "Bearer EAAsandbox" }
const Failure = read(Schema.Struct({ error: Schema.Struct({ code: Schema.Number, fbtrace_id: Schema.String }) }))
const path = "/v23.0/15550001111"

const template = (to: string, ...texts: ReadonlyArray<string>) => ({
  messaging_product: "whatsapp",
  to,
  type: "template",
  template: {
    name: "alert",
    language: { code: "en_US" },
    components: [{ type: "body", parameters: texts.map((text) => ({ type: "text", text })) }]
  }
})
const free = (to: string, body: string) => ({
  messaging_product: "whatsapp",
  recipient_type: "individual",
  to,
  type: "text",
  text: { preview_url: false, body }
})

describe("WhatsApp's stand-in", () => {
  it.scoped("checks the token and the number", () =>
    Effect.gen(function*() {
      const { url } = yield* makeWhatsApp()
      const fields = "fields=display_phone_number,verified_name"
      assert.deepStrictEqual(json(yield* ask(`${url}${path}?${fields}`, { headers })), {
        verified_name: "Acme",
        display_phone_number: "+1 555-000-1111",
        id: "15550001111"
      })
      const code = (path: string, authorization: string) =>
        Effect.gen(function*() {
          const answer = yield* ask(`${url}${path}`, { headers: { authorization } })
          return [answer.status, (yield* Failure(answer)).error.code]
        })
      assert.deepStrictEqual(yield* code(path, "Bearer nope"), [401, 190])
      assert.deepStrictEqual(yield* code("/v23.0/999", headers.authorization), [400, 100])
      assert.deepStrictEqual(yield* code("/latest/15550001111", headers.authorization), [400, 2500])
    }))

  it.scoped("accepts templates for anyone, and free text that may never arrive", () =>
    Effect.gen(function*() {
      const { messages, url } = yield* makeWhatsApp()
      const send = (body: unknown) => ask(`${url}${path}/messages`, { body, headers })
      const accepted = yield* send(template("+55 11 90000-0000", "High error rate"))
      assert.include(accepted.text, "\"wa_id\":\"5511900000000\"")
      assert.strictEqual((yield* send(free("5511987654321", "hello"))).status, 200)
      assert.strictEqual((yield* send(free("5511900000000", "hello"))).status, 200)
      const Raw = Schema.is(Schema.Struct({ delivered: Schema.Literal(true) }))
      assert.deepStrictEqual((yield* messages).map(({ channelId, raw, text }) => [channelId, text, Raw(raw)]), [
        ["5511900000000", "High error rate", true],
        ["5511987654321", "hello", true],
        ["5511900000000", "hello", false]
      ])
    }))

  it.scoped("refuses with codes", () =>
    Effect.gen(function*() {
      const { url } = yield* makeWhatsApp()
      const code = (body: unknown) =>
        ask(`${url}${path}/messages`, { body, headers }).pipe(
          Effect.flatMap(Failure),
          Effect.map(({ error }) => error.code)
        )
      assert.strictEqual(yield* code(template("16505550000", "x")), 131030)
      assert.strictEqual(yield* code(template("16505551111")), 132000)
      assert.strictEqual(yield* code(template("16505551111", "two\nlines")), 100)
      const other = { ...template("16505551111", "x").template, name: "other" }
      assert.strictEqual(yield* code({ ...template("16505551111", "x"), template: other }), 132001)
      assert.strictEqual(yield* code(free("16505551111", "x".repeat(4097))), 100)
    }))

  it.scoped("throttles by code, not by status", () =>
    Effect.gen(function*() {
      const standIn = yield* makeWhatsApp()
      yield* standIn.script(throttled(60))
      const limited = yield* ask(`${standIn.url}${path}/messages`, { body: {}, headers })
      assert.strictEqual(limited.status, 400)
      assert.strictEqual((yield* Failure(limited)).error.code, 130429)
    }))
})
