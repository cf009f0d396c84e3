import { Effect, type Scope } from "effect"

const looks = new Set<() => void>()

/**
 * Has `look` set its gauges whenever metrics are about to be read, as long as the scope lasts. For what need not be
 * counted because it can be looked up, at once and without failing.
 */
export const whenLookedAt = (look: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void looks.add(look)),
    () => Effect.sync(() => void looks.delete(look))
  )

/** For whoever is about to read metrics. */
export const lookNow = (): void => looks.forEach((look) => look())
