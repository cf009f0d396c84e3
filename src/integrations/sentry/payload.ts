import { Option, Schema } from "effect"
import { id, lenient, number, reading, text } from "../../services/webhookPayload.ts"

/* What Sentry's webhooks send, as far as we read it (Sentry docs, "Webhooks"). */

/** An event as alerts and errors carry it: `project` is a number, the slug stands in `url` alone. */
const Event = Schema.Struct({
  event_id: id,
  issue_id: id,
  title: text,
  culprit: text,
  level: text,
  web_url: text,
  url: text,
  issue_url: text,
  datetime: text,
  /** Epoch seconds, with a fraction. */
  received: number
})
export type Event = typeof Event.Type

const Data = Schema.Struct({
  issue: lenient(Schema.Struct({
    id,
    title: text,
    culprit: text,
    level: text,
    status: text,
    substatus: text,
    firstSeen: text,
    /** On `created` only. */
    web_url: text,
    permalink: text,
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
  description_text: text,
  web_url: text,
  error: lenient(Event),
  comment: text,
  comment_id: id,
  project_slug: text,
  timestamp: text,
  installation: lenient(Schema.Struct({}))
})

/** All that is read before the signature is checked: nothing but an id is looked up. */
const Sender = Schema.Struct({
  installation: lenient(Schema.Struct({ uuid: lenient(Schema.String.pipe(Schema.pattern(/^[\w-]{1,64}$/))) }))
})

const Payload = Schema.Struct({ action: text, ...Sender.fields, data: lenient(Data) })
export type Payload = typeof Payload.Type

export const read = reading(Payload)

const readSender = reading(Sender)

export const installationOf = (body: Uint8Array): string | undefined =>
  Option.getOrUndefined(readSender(body).payload)?.installation?.uuid
