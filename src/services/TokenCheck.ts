import { Cache, Clock, Config, DateTime, Duration, Effect, Exit, Option, type Redacted } from "effect"
import { timingSafeEqual } from "node:crypto"
import { lapse, parseToken, type Token, TokenId } from "../domain/Token.ts"
import { TokensRepo, type TokenUse } from "../persistence/TokensRepo.ts"
import { renewed } from "./renewed.ts"
import { hashOf } from "./Tokens.ts"
import { writtenBehind } from "./writtenBehind.ts"

/** `AUTH`: who is let in. `none` is everybody, `tokens` whoever has one. */
export const auth = Config.literal("none", "tokens")("AUTH").pipe(Config.withDefault("none" as const))

/**
 * A token is read again after this long. A revocation is seen within two seconds: the second one is for a read that
 * began just before it.
 */
const staleness = Duration.seconds(1)

/** What is found of ids, and that nothing is found: made-up ones push out the oldest and take no more memory. */
const cachedIds = 10_000

/** Stands in for what a token that does not exist, or is none at all, would be looked up by and compared with. */
const nobody = TokenId.make("int_0000000000000000")
const noHash = new Uint8Array(32)

/** Finds out whose a bearer token is. */
export class TokenCheck extends Effect.Service<TokenCheck>()("services/TokenCheck", {
  scoped: Effect.gen(function*() {
    const repo = yield* TokensRepo
    const unwritten = new Map<TokenId, TokenUse>()

    const found = yield* renewed(
      Cache.makeWith({
        capacity: cachedIds,
        lookup: (id: TokenId) => repo.find(id),
        timeToLive: (exit) => Exit.isSuccess(exit) ? staleness : Duration.zero
      }),
      "1 minute"
    )

    /** What is being written stays known until it is, and stays for the next time if it could not be. */
    const flush = Effect.gen(function*() {
      const written = [...unwritten.values()]
      if (written.length === 0) return
      yield* repo.recordUses(written)
      for (const use of written) if (unwritten.get(use.id) === use) unwritten.delete(use.id)
    })
    yield* writtenBehind(flush, "Could not write when tokens were used")

    const refused = (reason: string, id: TokenId | null) =>
      Effect.logInfo(`A token was refused: ${reason}`).pipe(
        Effect.annotateLogs(id === null ? {} : { tokenId: id }),
        Effect.as(Option.none<Token>())
      )

    /**
     * The token that this is, if it is good now. Anything else takes the same steps: one hash, one look-up, one
     * comparison in constant time. So it takes as long whether an id exists, and whether the token was good once.
     * Remembers the use, to be written within five seconds and at shutdown.
     */
    const check = Effect.fnUntraced(function*(presented: Redacted.Redacted) {
      const parsed = Option.getOrUndefined(parseToken(presented))
      const hash = hashOf(parsed?.secret ?? presented)
      // Shared by all who wait for it: one of them hanging up must not end it.
      const row = Option.getOrUndefined(yield* Effect.uninterruptible(found.get(parsed?.id ?? nobody)))
      const expected = row === undefined ? noHash : Buffer.from(row.secretHash, "hex")
      const same = timingSafeEqual(hash, expected)
      const now = yield* Clock.currentTimeMillis
      if (parsed === undefined) return yield* refused("malformed", null)
      if (row === undefined || !same) return yield* refused(row === undefined ? "unknown" : "wrong secret", parsed.id)
      const lapsed = lapse(row, DateTime.unsafeMake(now))
      if (Option.isSome(lapsed)) return yield* refused(lapsed.value, row.id)
      unwritten.set(row.id, { id: row.id, at: DateTime.unsafeMake(now) })
      return Option.some<Token>(row)
    })

    return { check } as const
  })
}) {}
