import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, FastCheck, Option, Redacted } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { actsFor, formatToken, lapse, parseToken, Token, TokenId } from "../../src/domain/Token.ts"
import { acme, globex, org } from "../fakes/Storage.ts"

const at = (ms: number) => DateTime.unsafeMake(ms)
const secrets = FastCheck.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) =>
  Buffer.from(bytes).toString("base64url")
)
const parse = (text: string) => parseToken(Redacted.make(text))

const token = (
  fields: { expiresAt?: DateTime.Utc | null; revokedAt?: DateTime.Utc | null; orgId?: OrgId | "*" } = {}
) =>
  new Token({
    id: TokenId.make("int_0123456789abcdef"),
    orgId: acme,
    name: "ci",
    scopes: ["read"],
    createdAt: at(0),
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...fields
  })

describe("a bearer token", () => {
  it.prop("comes apart into what it was put together from", [Arbitrary.make(TokenId), secrets], ([id, secret]) => {
    const whole = formatToken({ id, secret: Redacted.make(secret) })
    assert.match(Redacted.value(whole), /^int_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    const { id: foundId, secret: foundSecret } = Option.getOrThrow(parseToken(whole))
    assert.deepStrictEqual([foundId, Redacted.value(foundSecret)], [id, secret])
  })

  it("is nothing else", () => {
    const [id, secret] = ["int_0123456789abcdef", "a".repeat(43)]
    assert.isTrue(Option.isSome(parse(`${id}_${secret}`)))
    const others = [
      "",
      id,
      `${id}_`,
      `${id}_${secret}a`,
      `${id}_${secret.slice(1)}`,
      ` ${id}_${secret}`,
      `${id}_${secret}\n`,
      `${id.toUpperCase()}_${secret}`,
      `int_0123456789abcdeg_${secret}`,
      `${id}-${secret}`,
      `${id}_${secret.slice(1)}+`,
      `${id}_${secret.slice(1)}=`,
      `xyz_0123456789abcdef_${secret}`
    ]
    for (const other of others) assert.isTrue(Option.isNone(parse(other)), other)
  })

  it.prop("is nothing that is made up", [FastCheck.string({ maxLength: 100 })], ([text]) => {
    assert.isTrue(Option.isNone(parse(text)))
  })

  it("shows nothing of its secret when it is printed", () => {
    const secret = "s".repeat(43)
    const presented = Option.getOrThrow(parse(`int_0123456789abcdef_${secret}`))
    assert.notInclude(JSON.stringify(presented), secret)
    assert.notInclude(String(formatToken(presented)), secret)
  })
})

describe("a token", () => {
  it("lapses at the very moment that it says, and once it is revoked", () => {
    assert.deepStrictEqual(lapse(token(), at(1e15)), Option.none())
    const expiring = token({ expiresAt: at(1000) })
    assert.deepStrictEqual(lapse(expiring, at(999)), Option.none())
    assert.deepStrictEqual(lapse(expiring, at(1000)), Option.some("expired"))
    assert.deepStrictEqual(lapse(expiring, at(1001)), Option.some("expired"))
    assert.deepStrictEqual(lapse(token({ revokedAt: at(1000) }), at(0)), Option.some("revoked"))
  })

  it("acts for its own organisation, an operator's for each", () => {
    assert.isTrue(actsFor(token(), acme))
    assert.isFalse(actsFor(token(), globex))
    assert.isFalse(actsFor(token(), org("ORG-ACME-CORP")))
    for (const orgId of [acme, globex]) assert.isTrue(actsFor(token({ orgId: "*" }), orgId))
  })
})
