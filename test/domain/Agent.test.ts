import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted, Schema } from "effect"
import { EndpointSecret, EndpointUrl, InboxCursor, isAgentId, payloadOf } from "../../src/domain/Agent.ts"

const json = FastCheck.jsonValue()

describe("the payload of an incident", () => {
  it.prop("is what the sender put under the path", [json, FastCheck.string()], ([data, action]) => {
    assert.deepStrictEqual(
      JSON.stringify(payloadOf(JSON.stringify({ action, data }), "data")),
      JSON.stringify(data)
    )
    assert.deepStrictEqual(
      JSON.stringify(payloadOf(JSON.stringify({ event: { data, action } }), "event.data")),
      JSON.stringify(data)
    )
  })

  it.prop("is the whole body without a path, or where the path leads nowhere", [json], ([data]) => {
    const whole = [data]
    for (const path of ["", "data", "event.data", "1", "0.no such key", "constructor", "__proto__", "."]) {
      assert.deepStrictEqual(JSON.stringify(payloadOf(JSON.stringify(whole), path)), JSON.stringify(whole), path)
    }
  })

  it.prop("is the text where it is no JSON", [FastCheck.string()], ([text]) => {
    assert.strictEqual(payloadOf(`<p>${text}`, "data"), `<p>${text}`)
    assert.strictEqual(payloadOf("", "data"), "")
  })

  it("may be null, false, empty or of odd names", () => {
    for (const data of ["null", "false", "0", "\"\"", "[]", "{}", "{\"__proto__\":{\"a\":1}}", "{\"\":1}"]) {
      assert.strictEqual(JSON.stringify(payloadOf(`{"data":${data}}`, "data")), data)
    }
  })

  it("is the text where it is nested deeper than can be read, and never keeps an answer from being made", () => {
    const nested = (depth: number) => `{"data":${"[".repeat(depth)}${"]".repeat(depth)}}`
    assert.strictEqual(JSON.stringify(payloadOf(nested(499), "data")), `${"[".repeat(499)}${"]".repeat(499)}`)
    for (const depth of [500, 20_000, 500_000]) {
      assert.strictEqual(payloadOf(nested(depth), "data"), nested(depth))
      assert.isNotEmpty(JSON.stringify(payloadOf(nested(depth), "")))
    }
  })
})

const isUrl = Schema.is(EndpointUrl)

describe("an endpoint's URL", () => {
  it.each([
    "https://agents.acme.test",
    "https://agents.acme.test:8443/incidents?key=a%20b",
    "HTTPS://AGENTS.ACME.TEST/",
    "https://10.0.0.7/",
    "http://localhost:3000/incidents",
    "http://127.0.0.1/",
    "http://agents.acme.test/",
    "http://[::1]:3000/",
    `https://agents.acme.test/${"x".repeat(2048 - "https://agents.acme.test/".length)}`
  ])("may be %s", (url) => assert.isTrue(isUrl(url)))

  it.each([
    "",
    "agents.acme.test",
    "//agents.acme.test/",
    "ftp://agents.acme.test/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://user@agents.acme.test/",
    "https://user:password@agents.acme.test/",
    "https://:password@agents.acme.test/",
    "https://agents.acme.test/#part",
    "https://agents.acme.test/a b",
    " https://agents.acme.test/",
    "https://agents.acme.test/\n",
    "https://agents.acme.test/ä",
    "https://",
    "https://:443",
    "https://[::1",
    "https://agents.acme.test:99999/",
    `https://agents.acme.test/${"x".repeat(2049 - "https://agents.acme.test/".length)}`
  ])("cannot be %j", (url) => assert.isFalse(isUrl(url)))
})

describe("an endpoint's secret", () => {
  const decode = Schema.decodeEither(EndpointSecret)
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")

  it.prop(
    "is whsec_ and base64 of 24 to 64 bytes; the prefix may be left out",
    [FastCheck.uint8Array({ maxLength: 100 })],
    ([bytes]) => {
      for (const text of [base64(bytes), `whsec_${base64(bytes)}`]) {
        const decoded = decode(text)
        assert.strictEqual(Either.isRight(decoded), bytes.length >= 24 && bytes.length <= 64, `${bytes.length} bytes`)
        if (Either.isRight(decoded)) assert.strictEqual(Redacted.value(decoded.right), text)
      }
    }
  )

  it("is of every length from 24 to 64 bytes and no other", () => {
    for (let length = 0; length <= 100; length++) {
      const decoded = decode(`whsec_${base64(new Uint8Array(length).fill(251))}`)
      assert.strictEqual(Either.isRight(decoded), length >= 24 && length <= 64, `${length} bytes`)
    }
  })

  it("is nothing else", () => {
    const good = base64(new Uint8Array(32).fill(251))
    for (
      const text of [
        "",
        "whsec_",
        good.slice(0, -1),
        `${good}\n`,
        ` ${good}`,
        good.replaceAll("+", "-"),
        `WHSEC_${good}`,
        `whsk_${good}`,
        `whsec_whsec_${good}`,
        "a".repeat(31)
      ]
    ) {
      assert.isTrue(Either.isLeft(decode(text)), text)
    }
  })
})

describe("ids and cursors", () => {
  it("are only what was given", () => {
    for (const id of ["agent-incident-abc123", "agent-incident-000000"]) assert.isTrue(isAgentId(id))
    for (const id of ["", "abc123", "agent-incident-ABC123", "agent-incident-abc12", "agent-incident-abc123\0"]) {
      assert.isFalse(isAgentId(id), id)
    }
    const isCursor = Schema.is(InboxCursor)
    for (const cursor of ["1", "42", "999999999999999"]) assert.isTrue(isCursor(cursor))
    for (const cursor of ["", "0", "-1", "01", "1.0", "1e3", " 1", "null", "1000000000000000", "１"]) {
      assert.isFalse(isCursor(cursor), cursor)
    }
  })
})
