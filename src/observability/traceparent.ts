import { Headers, HttpTraceContext } from "@effect/platform"
import { Effect, Option, type Tracer } from "effect"
import { traced } from "./traced.ts"

/* A trace that goes on later, in another fiber or process: as the W3C `traceparent` that is kept with the work. */

/** Where the trace stands now; `null` where nobody traces. */
export const currentTraceparent: Effect.Effect<string | null> = Effect.map(
  Effect.option(Effect.currentSpan),
  Option.match({
    onNone: () => null,
    onSome: (span) => HttpTraceContext.toHeaders(span)["traceparent"] ?? null
  })
)

/** The span that it names. */
export const spanOf = (traceparent: string | null): Option.Option<Tracer.ExternalSpan> =>
  traceparent === null ? Option.none() : HttpTraceContext.w3c(Headers.fromInput({ traceparent }))

/** Runs the effect as a part of that trace, in a span of its own; without one, in a trace of its own. */
export const continuing = (
  traceparent: string | null,
  name: string,
  options: Omit<Tracer.SpanOptions, "parent">
) =>
  traced(name, {
    ...options,
    ...Option.match(spanOf(traceparent), { onNone: () => ({ root: true }), onSome: (parent) => ({ parent }) })
  })
