import { Effect } from "effect"

/** Runs two effects in turns, so often each. */
export const interleave = <A, B, E, R, E2, R2>(
  a: Effect.Effect<A, E, R>,
  b: Effect.Effect<B, E2, R2>,
  times: number
) =>
  Effect.map(
    Effect.replicateEffect(Effect.all([a, b]), times),
    (pairs) => ({ a: pairs.map(([one]) => one), b: pairs.map(([, one]) => one) })
  )
