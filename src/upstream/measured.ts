import { Cause, Clock, Effect, Exit, Metric, Option } from "effect"
import { vendorCalls, vendorCallSeconds, vendorRetries } from "../observability/metrics.ts"
import type { VendorFailure } from "./VendorFailure.ts"

/** What the deadline or the caller's hang-up has cut short has no kind of its own. */
const outcomeOf = <A>(exit: Exit.Exit<A, VendorFailure>): string =>
  Exit.match(exit, {
    onSuccess: () => "ok",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), { onNone: () => "interrupted", onSome: ({ kind }) => kind })
  })

/** Counts each run of one call to a vendor, how it ended and how long it took. */
export const measured = (vendor: string, operation: string) => <A>(call: Effect.Effect<A, VendorFailure>) =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (startedAt) =>
      Effect.onExit(call, (exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (endedAt) =>
          Effect.zipRight(
            Metric.increment(vendorCalls(vendor, operation, outcomeOf(exit))),
            Metric.update(vendorCallSeconds(vendor, operation), (endedAt - startedAt) / 1000)
          )))
  )

/** Counts each run but the first of a call that `retried` repeats. */
export const countingRetries = (vendor: string, operation: string) =>
<A, E>(
  call: Effect.Effect<A, E>,
  retried: (call: Effect.Effect<A, E>) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let runs = 0
    return retried(Effect.suspend(() =>
      runs++ === 0 ? call : Effect.zipRight(Metric.increment(vendorRetries(vendor, operation)), call)
    ))
  })
