import { Effect } from "effect"

/**
 * A span around what every request goes through. `Effect.fn` has one too, but it captures a stack with each call, also
 * where nobody traces: some 10 µs, which a request with a dozen of such calls would spend on nothing.
 */
export const traced = (name: string) => Effect.withSpan(name, { captureStackTrace: false })
