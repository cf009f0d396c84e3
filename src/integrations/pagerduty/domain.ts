import { Schema } from "effect"
import { example } from "../../domain/Text.ts"
import { Timestamp } from "../../domain/Timestamp.ts"

/** Who answers now. `since` and `until` are `null` for somebody who never goes off call. */
export const OnCall = Schema.Struct({
  userId: Schema.String.annotations(example("PUSER123")),
  name: Schema.String.annotations(example("Fabiano Cruz")),
  email: Schema.NullOr(Schema.String),
  escalationLevel: Schema.Int,
  since: Schema.NullOr(Timestamp),
  until: Schema.NullOr(Timestamp)
}).annotations({ identifier: "OnCall", description: "The user who is on call now" })
export type OnCall = typeof OnCall.Type

export const IncidentStatus = Schema.Literal("triggered", "acknowledged", "resolved")
export type IncidentStatus = typeof IncidentStatus.Type

export const Incident = Schema.Struct({
  id: Schema.String.annotations(example("P1INC001")),
  title: Schema.String,
  status: IncidentStatus,
  urgency: Schema.String.annotations({ description: "high or low" }),
  service: Schema.NullOr(Schema.String).annotations({ description: "The service's name" }),
  createdAt: Timestamp,
  assignee: Schema.NullOr(Schema.Struct({ name: Schema.String, email: Schema.NullOr(Schema.String) }))
}).annotations({ identifier: "Incident", description: "A PagerDuty incident" })
export type Incident = typeof Incident.Type

export const IncidentPage = Schema.Struct({
  incidents: Schema.Array(Incident),
  total: Schema.Int.annotations({ description: "How many incidents fit the filter, on all pages" })
})
export type IncidentPage = typeof IncidentPage.Type

export const Acknowledgement = Schema.Struct({
  id: Schema.String,
  status: Schema.Literal("acknowledged"),
  acknowledgedAt: Timestamp
}).annotations({ identifier: "Acknowledgement", description: "When PagerDuty took the acknowledgement" })
export type Acknowledgement = typeof Acknowledgement.Type
