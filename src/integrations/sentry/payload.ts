import { Either, type Option, Schema } from "effect"

/*
 * What Sentry's webhooks send, as far as we read it (Sentry docs, "Webhooks"). Nothing is required: whatever is
 * missing or odd is `undefined`, so that every verified delivery can be read and none is lost.
 */

const lenient = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optional(Schema.UndefinedOr(schema).annotations({ decodingFallback: () => Either.right(undefined) }))

const text = lenient(Schema.String)
/** Ids are strings of digits on some resources and numbers on others. */
const id = lenient(Schema.Union(Schema.NonEmptyString, Schema.Finite))

/** An event as alerts and errors carry it: `project` is a number, the slug stands in `url` alone. */
const Event = Schema.Struct({
  event_id: id,
  title: text,
  url: text,
  issue_url: text,
  datetime: text,
  /** Epoch seconds, with a fraction. */
  received: lenient(Schema.Finite)
})
export type Event = typeof Event.Type

const Data = Schema.Struct({
  issue: lenient(Schema.Struct({
    id,
    title: text,
    status: text,
    substatus: text,
    firstSeen: text,
    project: lenient(Schema.Struct({ slug: text }))
  })),
  event: lenient(Event),
  triggered_rule: text,
  metric_alert: lenient(Schema.Struct({
    id,
    title: text,
    projects: lenient(Schema.Array(Schema.Unknown)),
    date_started: text,
    date_closed: text
  })),
  description_title: text,
  error: lenient(Event),
  comment: text,
  comment_id: id,
  project_slug: text,
  timestamp: text,
  installation: lenient(Schema.Struct({}))
})
export type Data = typeof Data.Type

const Payload = Schema.Struct({
  action: text,
  // Looked up before the signature is checked, so nothing but an id gets that far.
  installation: lenient(Schema.Struct({ uuid: lenient(Schema.String.pipe(Schema.pattern(/^[\w-]{1,64}$/))) })),
  data: lenient(Data)
})
export type Payload = typeof Payload.Type

/** `None` for whatever is not a JSON object. */
export const parse: (text: string) => Option.Option<Payload> = Schema.decodeUnknownOption(Schema.parseJson(Payload))
