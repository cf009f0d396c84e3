import { DateTime, type Duration, Effect, Option, Redacted } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { formatToken, type Scope, type Token, TokenId, type TokenOrg } from "../domain/Token.ts"
import { TokenRow, TokensRepo } from "../persistence/TokensRepo.ts"

/** 256 bits: nobody guesses them, so a fast hash is enough and no salt is needed. */
const secretBytes = 32

/**
 * What is stored of a secret, and what a secret that is presented is compared by. Over the characters, so that a secret
 * has one spelling.
 */
export const hashOf = (secret: Redacted.Redacted): Uint8Array =>
  createHash("sha256").update(Redacted.value(secret)).digest()

const newId = Effect.sync(() => TokenId.make(`int_${randomBytes(8).toString("hex")}`))
const newSecret = Effect.sync(() => Redacted.make(randomBytes(secretBytes).toString("base64url")))

export interface NewToken {
  readonly orgId: TokenOrg
  /** What the token is for, in the operator's words. */
  readonly name: string
  readonly scopes: readonly [Scope, ...Array<Scope>]
  /** How long it is good for; `None` for ever. */
  readonly lifetime: Option.Option<Duration.Duration>
}

/** What operators do with tokens. Running services see it within two seconds: see `TokenCheck`. */
export class Tokens extends Effect.Service<Tokens>()("services/Tokens", {
  effect: Effect.gen(function*() {
    const repo = yield* TokensRepo

    /** `bearer` is the whole token, and cannot be had again: only its hash is kept. */
    const create = Effect.fnUntraced(function*({ lifetime, name, orgId, scopes }: NewToken) {
      const [id, secret, createdAt] = [yield* newId, yield* newSecret, yield* DateTime.now]
      const expiresAt = Option.getOrNull(Option.map(lifetime, (age) => DateTime.addDuration(createdAt, age)))
      const secretHash = Buffer.from(hashOf(secret)).toString("hex")
      const token = { id, orgId, name, scopes, createdAt, expiresAt, revokedAt: null, lastUsedAt: null }
      const row = new TokenRow({ ...token, secretHash })
      yield* repo.insert(row)
      return { token: row, bearer: formatToken({ id, secret }) } satisfies { token: Token; bearer: Redacted.Redacted }
    })

    /** Of one organisation, of operators (`*`), or all of them. */
    const list = (orgId: Option.Option<TokenOrg>): Effect.Effect<ReadonlyArray<Token>> =>
      repo.list(Option.getOrUndefined(orgId))

    /** For ever. The token as it is then; `None` where there is none. Once more changes nothing. */
    const revoke = (id: TokenId): Effect.Effect<Option.Option<Token>> =>
      Effect.flatMap(DateTime.now, (now) => repo.revoke(id, now))

    return { create, list, revoke } as const
  })
}) {}
