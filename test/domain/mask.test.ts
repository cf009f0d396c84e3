import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { FastCheck, Redacted } from "effect"
import { mask } from "../../src/domain/Integration.ts"
import { linear } from "../../src/integrations/linear/definition.ts"
import { sentry } from "../../src/integrations/sentry/definition.ts"
import { samples, sentConfig } from "../fakes/configs.ts"

describe.each(samples)("mask of $id", (sample) => {
  const { decode, definition, fields, secrets } = sample

  it.prop("shows every field, and no secret", [sentConfig(sample)], ([sent]) => {
    const masked = mask(definition, decode(sent))
    deepStrictEqual(Object.keys(masked).toSorted(), Object.keys(fields).toSorted())
    for (const field of Object.keys(fields)) {
      const value = sent[field]
      if (value === undefined) assert.isNull(masked[field], field)
      else if (!secrets.includes(field)) deepStrictEqual(masked[field], value)
      else {
        const text = String(value)
        assert.strictEqual(masked[field], text.length < 12 ? "••••" : `••••${text.slice(-4)}`)
      }
    }
  })
})

describe("mask", () => {
  const long = FastCheck.string({
    unit: FastCheck.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 12,
    maxLength: 200
  })

  it.prop("holds no secret of 12 characters or more", [long, long, long], ([apiKey, webhookSecret, previous]) => {
    // Not as JSON: what it escapes in one secret may look like the end of another.
    const shown = Object.values(mask(linear, {
      apiKey: Redacted.make(apiKey),
      webhookSecret: Redacted.make(webhookSecret),
      webhookSecretPrevious: Redacted.make(previous)
    })).map(String)
    for (const secret of [apiKey, webhookSecret, previous]) {
      for (const value of shown) assert.notInclude(value, secret.slice(-5))
    }
  })

  it.prop("holds nothing at all of a shorter one", [FastCheck.string({ minLength: 1, maxLength: 11 })], ([apiKey]) => {
    assert.strictEqual(mask(linear, { apiKey: Redacted.make(apiKey) })["apiKey"], "••••")
  })

  it("shows Sentry's map of projects as it is", () => {
    const projects = { "api-gateway": "proj-001" }
    const masked = mask(sentry, { authToken: Redacted.make("sntrys_0123456789"), organization: "acme", projects })
    deepStrictEqual(masked["projects"], projects)
    assert.strictEqual(masked["authToken"], "••••6789")
    assert.isNull(masked["baseUrl"])
  })
})
