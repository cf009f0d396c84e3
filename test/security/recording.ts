import { Cause, Tracer } from "effect"

export interface Recorded {
  readonly name: string
  readonly attributes: Map<string, unknown>
  /** Events with their attributes, links and how it failed, as text. */
  readonly told: Array<string>
}

const text = (value: unknown): string => {
  try {
    return `${String(value)} ${JSON.stringify(value)}`
  } catch {
    return String(value)
  }
}

/** A tracer that keeps every span that is begun. */
export const recording = () => {
  const spans: Array<Recorded> = []
  const tracer = Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind, options) => {
      const attributes = new Map<string, unknown>(Object.entries(options?.attributes ?? {}))
      const told: Array<string> = links.map(text)
      spans.push({ name, attributes, told })
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      return {
        _tag: "Span",
        name,
        spanId: String(spans.length),
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        get status() {
          return status
        },
        attributes,
        attribute: (key, value) => void attributes.set(key, value),
        event: (event, _, more) => void told.push(`${event} ${text(more)}`),
        addLinks: (more) => void told.push(...more.map(text)),
        end: (endTime, exit) => {
          status = { _tag: "Ended", startTime, endTime, exit }
          if (exit._tag === "Failure") told.push(Cause.pretty(exit.cause, { renderErrorCause: true }), text(exit))
        }
      }
    }
  })
  return { spans, tracer }
}
