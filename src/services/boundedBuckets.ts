import type { RateLimiterStore } from "@effect/experimental/RateLimiter"
import { type Context, Duration, Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"

/** How many of the longest unused keys are looked at for one that may go. */
const looks = 8

export interface BoundedBuckets {
  readonly store: Context.Tag.Service<typeof RateLimiterStore>
  /** How many keys have a bucket of their own now. */
  readonly entries: Effect.Effect<number>
}

/**
 * Token buckets for any number of keys in bounded memory, which the platform's own store in memory is not.
 *
 * A bucket is the instant at which it is full again. One that is full is the same as none, so only such ones make room
 * for another key: nobody gets a fresh bucket by having their own pushed out. While no bucket is full, further keys
 * share `shared` of them, by a hash that callers cannot foresee.
 */
export const boundedBuckets = (options: { readonly own: number; readonly shared: number }): BoundedBuckets => {
  // In the order of their last use.
  const own = new Map<string, number>()
  const shared = new Float64Array(options.shared)
  const salt = randomBytes(16)

  const makeRoom = (now: number) => {
    let looked = 0
    for (const [key, fullAt] of own) {
      if (own.size < options.own || looked++ === looks) return
      if (fullAt <= now) own.delete(key)
    }
  }

  const sharedBy = (key: string) =>
    createHash("sha256").update(salt).update(key).digest().readUInt32BE() % shared.length

  /** Where the key's bucket is read and written. */
  const bucketOf = (key: string, now: number) => {
    const fullAt = own.get(key)
    if (fullAt === undefined && own.size >= options.own) makeRoom(now)
    if (fullAt === undefined && own.size >= options.own) {
      const at = sharedBy(key)
      return { fullAt: shared[at] ?? 0, set: (next: number) => void (shared[at] = next) }
    }
    return {
      fullAt: fullAt ?? 0,
      set: (next: number) => {
        own.delete(key)
        if (next > now) own.set(key, next)
      }
    }
  }

  return {
    entries: Effect.sync(() => own.size),
    store: {
      fixedWindow: () => Effect.dieMessage("Only token buckets are kept here"),
      tokenBucket: ({ allowOverflow, key, limit, refillRate, tokens }) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => {
            const now = clock.unsafeCurrentTimeMillis()
            const refillMs = Duration.toMillis(refillRate)
            const { fullAt, set } = bucketOf(key, now)
            const next = Math.max(fullAt, now) + tokens * refillMs
            // Rounding must not cost a token that is there.
            const remaining = Math.floor(limit - (next - now) / refillMs + 1e-6)
            if (allowOverflow || remaining >= 0) set(next)
            return remaining
          })
        )
    }
  }
}
