import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { FastCheck, Redacted } from "effect"
import { integrations } from "../../src/integrations/registry.ts"
import { samples, sentConfig } from "../fakes/configs.ts"

it("every integration in the registry is sampled here", () => {
  assert.deepStrictEqual(samples.map(({ id }) => id), integrations.map(({ id }) => id))
})

describe.each(samples)("the config of $id", (sample) => {
  const { decode, definition, encode, fields, refuses, required, secrets } = sample
  const sent = sentConfig(sample)

  it("has the contract's fields", () => {
    assert.deepStrictEqual(Object.keys(definition.Config.fields).toSorted(), Object.keys(fields).toSorted())
  })

  it.prop("comes back from storage as it was sent", [sent], ([sent]) => {
    const config = decode(sent)
    const stored: unknown = JSON.parse(JSON.stringify(encode(config)))
    deepStrictEqual(stored, sent)
    deepStrictEqual(decode(stored), config)
  })

  it.prop("keeps its secrets redacted", [sent], ([sent]) => {
    const config = decode(sent)
    for (const field of secrets.filter((field) => field in sent)) {
      const value = config[field]
      assert.isTrue(Redacted.isRedacted(value), field)
      assert.strictEqual(JSON.stringify(value), "\"<redacted>\"")
      assert.strictEqual(Redacted.isRedacted(value) && Redacted.value(value), sent[field])
    }
  })

  it.prop("takes null for what is left out", [sent], ([sent]) => {
    const nulls = Object.fromEntries(Object.keys(fields).map((field) => [field, null]))
    deepStrictEqual(decode({ ...nulls, ...sent }), decode(sent))
  })

  it.prop("refuses a field that it does not know", [
    sent,
    FastCheck.constantFrom("apikey", "token", "Region", "webhook_secret", "", "toString")
  ], ([sent, field]) => {
    assert.isTrue(refuses({ ...sent, [field]: "x" }))
  })

  it.prop("refuses to be without what is required", [sent, FastCheck.constantFrom(...required)], ([sent, field]) => {
    const { [field]: _, ...rest } = sent
    assert.isTrue(refuses(rest))
    assert.isTrue(refuses({ ...rest, [field]: null }))
  })

  it.prop("refuses what no field may hold", [
    sent,
    FastCheck.constantFrom(...Object.keys(fields)),
    FastCheck.constantFrom("", "line\nbreak", "nul\0", 5, true, ["x"], "x".repeat(5000))
  ], ([sent, field, value]) => {
    assert.isTrue(refuses({ ...sent, [field]: value }))
  })

  it.each([[undefined], [null], ["config"], [[]], [5]])("is not %j", (value) => {
    assert.isTrue(refuses(value))
  })
})
