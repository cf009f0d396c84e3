import { Schema } from "effect"
import { Timestamp } from "../../domain/Timestamp.ts"
import { IncidentStatus } from "./domain.ts"

/*
 * What PagerDuty's REST v2 sends, as far as we read it. Its published OpenAPI is too strict in known places
 * (`/oncalls` types `start`, `end` and `schedule` as never null, `user` as a reference only), so nothing is required
 * here that we can do without.
 */

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

const User = Schema.Struct({
  id: Schema.String,
  summary: nullable(Schema.String),
  name: nullable(Schema.String),
  email: nullable(Schema.String)
})
export type User = typeof User.Type

const Page = { more: nullable(Schema.Boolean), total: nullable(Schema.Int) }

export const GetService = Schema.Struct({
  service: Schema.Struct({ escalation_policy: Schema.Struct({ id: Schema.String }) })
})

export const ListOnCalls = Schema.Struct({
  oncalls: Schema.Array(Schema.Struct({
    user: User,
    escalation_level: Schema.Int,
    start: nullable(Timestamp),
    end: nullable(Timestamp)
  })),
  ...Page
})
export type OnCallEntry = typeof ListOnCalls.Type["oncalls"][number]

const Incident = Schema.Struct({
  id: Schema.String,
  title: nullable(Schema.String),
  summary: nullable(Schema.String),
  status: IncidentStatus,
  urgency: nullable(Schema.String),
  created_at: Timestamp,
  service: nullable(Schema.Struct({ summary: nullable(Schema.String), name: nullable(Schema.String) })),
  assignments: nullable(Schema.Array(Schema.Struct({ assignee: User }))),
  acknowledgements: nullable(Schema.Array(Schema.Struct({ at: Timestamp }))),
  last_status_change_at: nullable(Timestamp)
})
export type Incident = typeof Incident.Type

export const ListIncidents = Schema.Struct({ incidents: Schema.Array(Incident), ...Page })
export const GetIncident = Schema.Struct({ incident: Incident })

export const GetMe = Schema.Struct({ user: Schema.Struct({ id: Schema.String }) })
export const ListAbilities = Schema.Struct({ abilities: Schema.Array(Schema.Unknown) })

/** For calls whose answer says nothing that we need. */
export const Anything = Schema.Unknown
