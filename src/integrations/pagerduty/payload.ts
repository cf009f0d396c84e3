import { Schema } from "effect"
import { id, lenient, reading, text } from "../../services/webhookPayload.ts"

/* What PagerDuty's V3 webhooks send, as far as we read it. Their incidents differ from those of the REST API. */

const Reference = Schema.Struct({ id, summary: text, html_url: text })

const Data = Schema.Struct({
  id,
  /** `incident`, `incident_note`, `service`, …: decides what else there is. */
  type: text,
  title: text,
  summary: text,
  html_url: text,
  urgency: text,
  service: lenient(Reference),
  priority: lenient(Reference),
  assignees: lenient(Schema.Array(Reference)),
  /** Whose note, status update or task it is. */
  incident: lenient(Reference),
  content: text,
  message: text
})

const Payload = Schema.Struct({
  event: lenient(Schema.Struct({
    id,
    event_type: text,
    occurred_at: text,
    data: lenient(Data)
  }))
})
export type Payload = typeof Payload.Type

export const read = reading(Payload)
