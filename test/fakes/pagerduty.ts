import { Effect, Layer, Redacted } from "effect"
import type { PagerDutyConfig } from "../../src/integrations/pagerduty/definition.ts"
import { PagerDuty, PagerDutyLive } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { type Answer, json, upstream } from "./Upstream.ts"

export const config: PagerDutyConfig = { apiKey: Redacted.make("u+0123456789") }

/** The adapter before a PagerDuty that follows the script. */
export const answering = (script: ReadonlyArray<Answer>, surroundings?: Parameters<typeof upstream>[1]) =>
  Layer.provideMerge(PagerDutyLive, upstream(script, surroundings))

export const oncall = (changes: Partial<PagerDutyConfig> = {}) =>
  Effect.flatMap(PagerDuty, (pagerduty) => pagerduty.oncall({ ...config, ...changes }))

export const incidents = (query: Partial<Parameters<(typeof PagerDuty.Service)["incidents"]>[1]> = {}) =>
  Effect.flatMap(
    PagerDuty,
    (pagerduty) => pagerduty.incidents(config, { statuses: ["triggered", "acknowledged"], limit: 25, ...query })
  )

export const acknowledge = (
  { acknowledgedBy, changes = {}, id = "P1INC001" }: {
    readonly id?: string
    readonly acknowledgedBy?: string
    readonly changes?: Partial<PagerDutyConfig>
  } = {}
) => Effect.flatMap(PagerDuty, (pagerduty) => pagerduty.acknowledge({ ...config, ...changes }, id, acknowledgedBy))

export const verify = Effect.flatMap(PagerDuty, (pagerduty) => pagerduty.verify(config))

/** A failure as PagerDuty words it. */
export const failed = (status: number, code: number, message: string, errors?: ReadonlyArray<string>): Answer =>
  json({ error: { message, code, ...(errors && { errors }) } }, { status })

/** A failure that is a plain string, as some are. */
export const worded = (status: number, error: string): Answer => json({ error }, { status })

export const accountKey = worded(
  400,
  "Because this request was made using an account-level access token, it cannot be used to identify a user."
)

/** Fields that a test adds to a record of PagerDuty's. */
type Fields = Readonly<Record<string, unknown>>

export const incident = (fields: Fields = {}) => ({
  id: "P1INC001",
  type: "incident",
  incident_number: 2,
  title: "High error rate on /api/checkout",
  summary: "[#2] High error rate on /api/checkout",
  status: "triggered",
  urgency: "high",
  created_at: "2026-03-21T14:05:00Z",
  html_url: "https://acme.pagerduty.com/incidents/P1INC001",
  service: { id: "PSVC1", type: "service_reference", summary: "api-gateway" },
  assignments: [{
    at: "2026-03-21T14:05:00Z",
    assignee: { id: "PUSER123", type: "user", summary: "Fabiano Cruz", name: "Fabiano Cruz", email: "f@acme.com" }
  }],
  acknowledgements: [],
  last_status_change_at: "2026-03-21T14:05:00Z",
  priority: null,
  resolved_at: null,
  resolve_reason: null,
  alert_grouping: { ended_at: null },
  ...fields
})

export const acknowledgedAt = "2026-03-21T14:06:00Z"

export const acknowledged = (fields: Fields = {}) =>
  incident({
    status: "acknowledged",
    acknowledgements: [{ at: acknowledgedAt, acknowledger: { id: "PUSER123", type: "user_reference" } }],
    last_status_change_at: acknowledgedAt,
    ...fields
  })

export const resolved = incident({ status: "resolved", assignments: [], resolved_at: "2026-03-21T15:00:00Z" })

/** `GET` and `PUT` of one incident answer alike. */
export const one = (record: Fields): Answer => json({ incident: record })

export const page = (records: ReadonlyArray<Fields>, fields: Fields = {}): Answer =>
  json({ incidents: records, limit: 25, offset: 0, more: false, total: null, ...fields })

export const entry = (fields: Fields = {}) => ({
  user: { id: "PUSER123", type: "user", summary: "Fabiano Cruz", name: "Fabiano Cruz", email: "fabiano@acme.com" },
  schedule: { id: "PSCHED1", type: "schedule_reference" },
  escalation_policy: { id: "PPOL1", type: "escalation_policy_reference" },
  escalation_level: 1,
  start: "2026-03-21T08:00:00Z",
  end: "2026-03-22T08:00:00Z",
  ...fields
})

export const person = (id: string, name = id) => ({ id, type: "user", summary: name, name, email: `${id}@acme.com` })

export const onCalls = (entries: ReadonlyArray<Fields>, fields: Fields = {}): Answer =>
  json({ oncalls: entries, limit: 100, offset: 0, more: false, total: null, ...fields })

export const service = (policy = "PPOL1"): Answer =>
  json({ service: { id: "PSVC1", escalation_policy: { id: policy, type: "escalation_policy_reference" } } })
