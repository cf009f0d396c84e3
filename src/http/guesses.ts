import { type HttpApp, HttpServerRequest } from "@effect/platform"
import { Cause, Effect, Either, Predicate } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { RateLimits } from "../services/RateLimits.ts"
import { refusal } from "./failures.ts"

/** How many tokens are remembered as good. */
const remembered = 10_000

/** Nothing answers there with success but to who was let in: paths in other spellings are not taken for it. */
const isGuarded = (url: string): boolean => url.startsWith("/api/") && !url.startsWith("/api/webhooks/")

/**
 * Limits tokens that are refused, for each address: once too many were, a token from there is not even looked at, so
 * that guessing costs time. Those that were good before are: behind one proxy, who guesses locks nobody out.
 */
export const guesses = Effect.map(RateLimits, ({ authentication }) => {
  const salt = randomBytes(16)
  const digest = (sent: string) => createHash("sha256").update(salt).update(sent).digest("base64")
  // In the order of their last use. Only spares the limit: each is authenticated on every request.
  const good = new Set<string>()

  const remember = (token: string) => {
    good.delete(token)
    good.add(token)
    const [oldest] = good.size > remembered ? good : []
    if (oldest !== undefined) good.delete(oldest)
  }

  return (app: HttpApp.Default) =>
    Effect.gen(function*() {
      const { headers, remoteAddress, url } = yield* HttpServerRequest.HttpServerRequest
      const sent = headers["authorization"]
      if (sent === undefined) return yield* app
      const token = digest(sent)
      if (!good.has(token)) {
        const tried = yield* Effect.either(authentication.mayTry(remoteAddress))
        if (Either.isLeft(tried)) return yield* refusal(tried.left)
      }
      return yield* app.pipe(
        Effect.tap(() => Effect.sync(() => isGuarded(url) && remember(token))),
        Effect.catchAllCause((cause) => {
          if (!Predicate.isTagged(Cause.squash(cause), "Unauthorized")) return Effect.failCause(cause)
          good.delete(token)
          return Effect.matchEffect(authentication.count(remoteAddress), {
            onFailure: refusal,
            onSuccess: () => Effect.failCause(cause)
          })
        })
      )
    })
})
