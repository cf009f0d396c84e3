import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Encoding, FastCheck, Layer, Redacted } from "effect"
import * as Keyring from "../../src/services/Keyring.ts"
import { type Owner, type Sealed, Unopenable, Vault } from "../../src/services/Vault.ts"
import { acme, environment, globex, Platform } from "../fakes/Storage.ts"

const base64 = (fill: number) => Buffer.alloc(32, fill).toString("base64")

/** A vault with these keys; the first one seals. */
const vaultWith = (keys: string) =>
  Effect.provide(
    Vault,
    Vault.Default.pipe(
      Layer.provide(Keyring.layer),
      Layer.provide(environment({ ENCRYPTION_KEYS: keys })),
      // The key file is not asked for where keys are configured.
      Layer.provide(Platform)
    )
  )

const owner: Owner = { orgId: acme, integration: "pagerduty" }
const text = "{\"apiKey\":\"u+canary-0123456789\"}"
const plaintext = Redacted.make(text)

/** Why it does not open. */
const refused = (vault: Vault, owner: Owner, sealed: Sealed) =>
  Effect.map(Effect.flip(vault.open(owner, sealed)), (error) => {
    assert.instanceOf(error, Unopenable)
    assert.include(error.message, owner.orgId)
    assert.include(error.message, owner.integration)
    assert.include(error.message, `key ${sealed.keyId}`)
    for (const hidden of ["canary", text, sealed.sealed, base64(1)]) {
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, hidden)
    }
    return error.why
  })

/** The same with one bit of it changed. */
const flipped = ({ keyId, sealed }: Sealed, bit: number): Sealed => {
  const bytes = Buffer.from(sealed, "base64")
  const at = Math.floor(bit / 8) % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8))
  return { keyId, sealed: bytes.toString("base64") }
}

describe("Vault", () => {
  const vault = Effect.runSync(vaultWith(`k1:${base64(1)}`))

  it.prop("opens what it sealed, whatever it is", [FastCheck.string({ unit: "binary" })], ([text]) => {
    const opened = Effect.runSync(
      Effect.flatMap(vault.seal(owner, Redacted.make(text)), (sealed) => vault.open(owner, sealed))
    )
    assert.strictEqual(Redacted.value(opened), text)
    assert.notInclude(`${JSON.stringify(opened)} ${String(opened)}`, JSON.stringify(text))
  })

  it.prop("seals differently each time and shows nothing", [FastCheck.string({ minLength: 4 })], ([text]) => {
    const sealing = vault.seal(owner, Redacted.make(text))
    const [one, two] = Effect.runSync(Effect.all([sealing, sealing]))
    assert.strictEqual(one.keyId, "k1")
    assert.notStrictEqual(one.sealed, two.sealed)
    assert.notDeepEqual(
      Buffer.from(one.sealed, "base64").subarray(0, 12),
      Buffer.from(two.sealed, "base64").subarray(0, 12)
    )
    assert.isFalse(Buffer.from(one.sealed, "base64").includes(Buffer.from(text)))
  })

  it.effect("does not open with any bit changed", () =>
    Effect.gen(function*() {
      const sealed = yield* vault.seal(owner, plaintext)
      const bits = Buffer.from(sealed.sealed, "base64").length * 8
      assert.isAbove(bits, 8 * (12 + 16))
      for (let bit = 0; bit < bits; bit++) {
        assert.strictEqual(
          yield* refused(vault, owner, flipped(sealed, bit)),
          "it was altered or belongs to another row",
          `bit ${bit}`
        )
      }
    }))

  it.effect("does not open for another org, integration or in another place", () =>
    Effect.gen(function*() {
      const sealed = yield* vault.seal(owner, plaintext)
      const others: ReadonlyArray<Owner> = [
        { orgId: globex, integration: "pagerduty" },
        { orgId: acme, integration: "linear" },
        { orgId: acme, integration: "pagerduty " }
      ]
      for (const other of others) {
        assert.strictEqual(yield* refused(vault, other, sealed), "it was altered or belongs to another row")
      }
    }))

  it.effect("does not open cut short, prolonged, empty or as no base64", () =>
    Effect.gen(function*() {
      const { keyId, sealed } = yield* vault.seal(owner, plaintext)
      const bytes = Buffer.from(sealed, "base64")
      const whys: Array<string> = []
      for (const part of [bytes.subarray(0, -1), bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(28)]) {
        whys.push(yield* refused(vault, owner, { keyId, sealed: part.toString("base64") }))
      }
      deepStrictEqual([...new Set(whys)], ["it was altered or belongs to another row"])
      assert.strictEqual(
        yield* refused(vault, owner, { keyId, sealed: Encoding.encodeBase64("short") }),
        "it is too short"
      )
      assert.strictEqual((yield* Effect.flip(vault.open(owner, { keyId, sealed: "" }))).why, "it is too short")
      assert.strictEqual(yield* refused(vault, owner, { keyId, sealed: "%%%%" }), "it is not base64")
    }))

  it.effect("does not open under another key's id, also of the same bytes", () =>
    Effect.gen(function*() {
      const two = yield* vaultWith(`k1:${base64(1)},k2:${base64(1)},k3:${base64(3)}`)
      const sealed = yield* two.seal(owner, plaintext)
      assert.strictEqual(sealed.keyId, "k1")
      for (const keyId of ["k2", "k3"]) {
        assert.strictEqual(
          yield* refused(two, owner, { ...sealed, keyId }),
          "it was altered or belongs to another row"
        )
      }
    }))

  it.effect("names the key that is missing", () =>
    Effect.gen(function*() {
      const sealed = yield* vault.seal(owner, plaintext)
      const without = yield* vaultWith(`k2:${base64(2)}`)
      assert.strictEqual(yield* refused(without, owner, sealed), "the key is not in ENCRYPTION_KEYS")
    }))

  it.effect("after a rotation the new key seals and the old one still opens", () =>
    Effect.gen(function*() {
      const before = yield* vault.seal(owner, plaintext)
      const rotated = yield* vaultWith(`k2:${base64(2)},k1:${base64(1)}`)
      assert.strictEqual(Redacted.value(yield* rotated.open(owner, before)), text)
      const after = yield* rotated.seal(owner, plaintext)
      assert.strictEqual(after.keyId, "k2")
      assert.strictEqual(Redacted.value(yield* rotated.open(owner, after)), text)
    }))
})
