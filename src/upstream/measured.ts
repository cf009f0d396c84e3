import { Cause, Effect, Exit, Metric, Option } from "effect"
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
  Effect.clockWith((clock) => {
    const startedAt = clock.unsafeCurrentTimeMillis()
    return Effect.onExit(call, (exit) =>
      Effect.sync(() => {
        vendorCalls(vendor, operation, outcomeOf(exit)).unsafeUpdate(1, [])
        vendorCallSeconds(vendor, operation).unsafeUpdate((clock.unsafeCurrentTimeMillis() - startedAt) / 1000, [])
      }))
  })

/** Counts a run of a call that is not its first. */
export const countRetry = (vendor: string, operation: string) => Metric.increment(vendorRetries(vendor, operation))
