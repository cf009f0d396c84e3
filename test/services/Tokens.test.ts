import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect, Layer, Option, Redacted, TestClock } from "effect"
import { createHash } from "node:crypto"
import { TokenId, type TokenOrg } from "../../src/domain/Token.ts"
import { TokensRepo } from "../../src/persistence/TokensRepo.ts"
import { Tokens } from "../../src/services/Tokens.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"

const Services = Layer.provideMerge(Tokens.Default, Memory)

const make = (orgId: TokenOrg, lifetime: Option.Option<Duration.Duration> = Option.none()) =>
  Effect.flatMap(Tokens, (tokens) => tokens.create({ orgId, name: "ci", scopes: ["read", "admin"], lifetime }))

const at = (ms: number) => DateTime.unsafeMake(ms)

describe("tokens", () => {
  it.effect("are stored without their secret: there is its SHA-256", () =>
    Effect.gen(function*() {
      const { bearer, token } = yield* make(acme)
      const whole = Redacted.value(bearer)
      assert.isTrue(whole.startsWith(`${token.id}_`))
      const secret = whole.slice(token.id.length + 1)
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql`SELECT * FROM tokens`
      deepStrictEqual({ ...row }, {
        id: token.id,
        orgId: acme,
        name: "ci",
        scopes: "read admin",
        secretHash: createHash("sha256").update(secret).digest("hex"),
        createdAt: "1970-01-01T00:00:00.000Z",
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null
      })
      assert.notInclude(JSON.stringify(row), secret)
    }).pipe(Effect.provide(Services)))

  it.effect("are each of their own, of 256 bits", () =>
    Effect.gen(function*() {
      const made = yield* Effect.replicateEffect(make(acme), 50)
      assert.strictEqual(new Set(made.map(({ bearer }) => Redacted.value(bearer))).size, 50)
      assert.strictEqual(new Set(made.map(({ token }) => token.id)).size, 50)
      for (const { bearer, token } of made) {
        assert.lengthOf(Buffer.from(Redacted.value(bearer).slice(token.id.length + 1), "base64url"), 32)
      }
    }).pipe(Effect.provide(Services)))

  it.effect("expire after their lifetime, counted from when they were made", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const { token } = yield* make(acme, Option.some(Duration.hours(2)))
      deepStrictEqual(token.expiresAt, at(3 * 3_600_000))
    }).pipe(Effect.provide(Services)))

  it.effect("are listed by organisation, or all of them", () =>
    Effect.gen(function*() {
      const tokens = yield* Tokens
      const made = yield* Effect.forEach([acme, globex, "*" as const], (orgId) => make(orgId))
      for (const { token } of made) {
        deepStrictEqual((yield* tokens.list(Option.some(token.orgId))).map(({ id }) => id), [token.id])
      }
      assert.sameMembers((yield* tokens.list(Option.none())).map(({ id }) => id), made.map(({ token }) => token.id))
    }).pipe(Effect.provide(Services)))

  it.effect("are revoked once and for ever, one by one", () =>
    Effect.gen(function*() {
      const tokens = yield* Tokens
      const [one, other] = [yield* make(acme), yield* make(acme)]
      yield* TestClock.adjust("1 second")
      deepStrictEqual(Option.getOrThrow(yield* tokens.revoke(one.token.id)).revokedAt, at(1000))
      yield* TestClock.adjust("1 second")
      deepStrictEqual(Option.getOrThrow(yield* tokens.revoke(one.token.id)).revokedAt, at(1000))
      const left = (yield* tokens.list(Option.some(acme))).filter(({ revokedAt }) => revokedAt === null)
      deepStrictEqual(left.map(({ id }) => id), [other.token.id])
      assert.isTrue(Option.isNone(yield* tokens.revoke(TokenId.make("int_0000000000000000"))))
    }).pipe(Effect.provide(Services)))

  it.effect("were used last at the latest time that is known", () =>
    Effect.gen(function*() {
      const repo = yield* TokensRepo
      const { token: { id } } = yield* make(acme)
      yield* repo.recordUses([{ id, at: at(2000) }])
      yield* repo.recordUses([{ id, at: at(1000) }])
      deepStrictEqual(Option.getOrThrow(yield* repo.find(id)).lastUsedAt, at(2000))
    }).pipe(Effect.provide(Services)))
})
