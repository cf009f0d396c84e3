import { Clock, Context, Duration, Effect } from "effect"

/** When the operation under way must have ended, in epoch milliseconds. */
export class Deadline extends Context.Reference<Deadline>()("upstream/Deadline", {
  defaultValue: () => Number.POSITIVE_INFINITY
}) {}

/** Milliseconds until the deadline. */
export const timeLeft = Effect.map(
  Effect.all([Deadline, Clock.currentTimeMillis]),
  ([deadline, now]) => Math.max(0, deadline - now)
)

/** Sets a deadline from now on, unless there is an earlier one: waiting for a turn counts, too. */
export const within = (timeout: Duration.Duration) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.all([Deadline, Clock.currentTimeMillis]), ([deadline, now]) => {
    const own = now + Duration.toMillis(timeout)
    return deadline <= own ? effect : Effect.provideService(effect, Deadline, own)
  })
