import { Effect, type Scope } from "effect"

/** Lets some in at a time, whoever came first before the others. */
export interface FairSemaphore {
  /** Whoever waits can be interrupted. */
  readonly withPermit: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The same for as long as the scope is open, so that one can stop waiting without stopping what comes after. */
  readonly permit: Effect.Effect<void, never, Scope.Scope>
}

/**
 * Effect's own semaphore wakes all who wait whenever a permit is given back, and those who get none wait anew: with a
 * thousand of them that costs more than what they wait for. Here the permit is handed over to the first.
 */
export const makeFairSemaphore = (permits: number): Effect.Effect<FairSemaphore> =>
  Effect.sync(() => {
    let free = permits
    const waiting = new Set<() => void>()

    const giveBack = Effect.sync(() => {
      const [first] = waiting
      if (first === undefined) free++
      else first()
    })

    const take = Effect.async<void>((resume) => {
      let mine = false
      const enter = () => {
        waiting.delete(enter)
        mine = true
        resume(Effect.void)
      }
      if (free > 0) {
        free--
        enter()
      } else {
        waiting.add(enter)
      }
      // It may have been handed over already to somebody who is interrupted at the same time.
      return Effect.suspend(() => mine ? giveBack : Effect.sync(() => void waiting.delete(enter)))
    })

    return {
      withPermit: (effect) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(restore(take), Effect.ensuring(restore(effect), giveBack))
        ),
      permit: Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(restore(take), Effect.addFinalizer(() => giveBack))
      )
    }
  })
