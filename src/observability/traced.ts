import { Effect, FiberRef, type Tracer } from "effect"

/**
 * A span around what every request or message goes through. Where nobody traces there is none: one that is only thrown
 * away costs some microseconds, and the stack that `Effect.withSpan` and `Effect.fn` capture for it ten more.
 */
export const traced =
  (name: string, options: Tracer.SpanOptions = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiberRuntime((fiber) =>
      fiber.getFiberRef(FiberRef.currentTracerEnabled)
        ? Effect.withSpan(effect, name, { ...options, captureStackTrace: false })
        : effect
    )
