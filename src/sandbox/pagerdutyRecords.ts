import { DateTime } from "effect"

/** Who an API key is: `user` keys act as that user, `account` keys as nobody, `oauth` tokens arrive as `Bearer`. */
export type PagerDutyKey =
  | { readonly kind: "account" }
  | { readonly kind: "user" | "oauth"; readonly userId: string }

export interface PagerDutyUser {
  readonly id: string
  readonly name: string
  readonly email: string
}

export interface PagerDutyService {
  readonly id: string
  readonly name: string
  readonly escalationPolicyId: string
}

/** An entry of /oncalls; entries of the seed are current whatever the clock says. Times are null for a permanent one. */
export interface PagerDutyOnCall {
  readonly userId: string
  readonly escalationPolicyId: string
  readonly level: number
  readonly scheduleId: string | null
  readonly start: string | null
  readonly end: string | null
}

export interface PagerDutyNote {
  readonly id: string
  readonly userId: string
  readonly content: string
  readonly createdAt: string
}

export interface PagerDutyIncident {
  readonly id: string
  readonly number: number
  readonly title: string
  readonly status: "triggered" | "acknowledged" | "resolved"
  readonly urgency: "high" | "low"
  readonly serviceId: string
  readonly createdAt: string
  readonly resolvedAt: string | null
  readonly assigneeIds: ReadonlyArray<string>
  readonly acknowledged: { readonly at: string; readonly userId: string } | null
  readonly notes: ReadonlyArray<PagerDutyNote>
}

/** One PagerDuty account. */
export interface PagerDutySeed {
  readonly subdomain: string
  /** IANA name; /oncalls answers in it unless told `time_zone`. */
  readonly timeZone: string
  readonly keys: Readonly<Record<string, PagerDutyKey>>
  readonly users: ReadonlyArray<PagerDutyUser>
  readonly escalationPolicies: ReadonlyArray<{ readonly id: string; readonly name: string }>
  readonly schedules: ReadonlyArray<{ readonly id: string; readonly name: string }>
  readonly services: ReadonlyArray<PagerDutyService>
  readonly oncalls: ReadonlyArray<PagerDutyOnCall>
  readonly incidents: ReadonlyArray<PagerDutyIncident>
}

/** ISO 8601 with whole seconds, with the offset of `zone`; UTC is written `Z`. */
export const inZone = (instant: string, zone: string) => {
  const at = DateTime.unsafeMake(instant)
  return zone === "UTC"
    ? DateTime.formatIso(at).replace(/\.\d+Z$/, "Z")
    : DateTime.formatIsoOffset(DateTime.unsafeSetZoneNamed(at, zone)).replace(/\.\d+/, "")
}

/** Renders an account's records as REST v2 does: references, unless `include[]` names the kind. */
export const makeRender = (seed: PagerDutySeed) => {
  const reference = (kind: string, path: string, id: string, summary: string) => ({
    id,
    type: `${kind}_reference`,
    summary,
    self: `https://api.pagerduty.com/${path}/${id}`,
    html_url: `https://${seed.subdomain}.pagerduty.com/${path}/${id}`
  })
  const named = (all: ReadonlyArray<{ readonly id: string; readonly name: string }>, id: string) =>
    all.find((one) => one.id === id)?.name ?? id

  const user = (id: string, full: boolean) => {
    const short = reference("user", "users", id, named(seed.users, id))
    const known = seed.users.find((one) => one.id === id)
    return full && known !== undefined
      ? { ...short, type: "user", name: known.name, email: known.email, time_zone: seed.timeZone, role: "user" }
      : short
  }
  const policy = (id: string) =>
    reference("escalation_policy", "escalation_policies", id, named(seed.escalationPolicies, id))
  const service = (one: PagerDutyService) => ({
    ...reference("service", "services", one.id, one.name),
    type: "service",
    name: one.name,
    status: "active",
    escalation_policy: policy(one.escalationPolicyId),
    teams: []
  })
  const serviceOf = (id: string, full: boolean) => {
    const known = seed.services.find((one) => one.id === id)
    return full && known !== undefined ? service(known) : reference("service", "services", id, known?.name ?? id)
  }

  const oncall = (one: PagerDutyOnCall, includes: ReadonlySet<string>, zone: string) => ({
    user: user(one.userId, includes.has("users")),
    schedule: one.scheduleId === null
      ? null
      : reference("schedule", "schedules", one.scheduleId, named(seed.schedules, one.scheduleId)),
    escalation_policy: policy(one.escalationPolicyId),
    escalation_level: one.level,
    start: one.start === null ? null : inZone(one.start, zone),
    end: one.end === null ? null : inZone(one.end, zone)
  })

  const incident = (one: PagerDutyIncident, includes: ReadonlySet<string>) => {
    const full = (kind: string) => includes.has("users") || includes.has(kind)
    const changed = one.resolvedAt ?? one.acknowledged?.at ?? one.createdAt
    const by = one.acknowledged?.userId
    const policyId = seed.services.find((known) => known.id === one.serviceId)?.escalationPolicyId
    return {
      ...reference("incident", "incidents", one.id, `[#${one.number}] ${one.title}`),
      type: "incident",
      incident_number: one.number,
      title: one.title,
      description: one.title,
      status: one.status,
      urgency: one.urgency,
      created_at: one.createdAt,
      updated_at: changed,
      incident_key: `key-${one.id.toLowerCase()}`,
      service: serviceOf(one.serviceId, includes.has("services")),
      // REST v2: a resolved incident has no assignments, and only an acknowledged one has acknowledgements.
      assignments: one.status === "resolved"
        ? []
        : one.assigneeIds.map((id) => ({ at: one.createdAt, assignee: user(id, full("assignees")) })),
      acknowledgements: one.status === "acknowledged" && one.acknowledged !== null
        ? [{ at: one.acknowledged.at, acknowledger: user(one.acknowledged.userId, full("acknowledgers")) }]
        : [],
      last_status_change_at: changed,
      last_status_change_by: by === undefined ? serviceOf(one.serviceId, false) : user(by, false),
      escalation_policy: policyId === undefined ? null : policy(policyId),
      teams: [],
      priority: null,
      resolved_at: one.resolvedAt
    }
  }

  const note = (one: PagerDutyNote) => ({
    id: one.id,
    user: user(one.userId, false),
    channel: { summary: "The PagerDuty website or APIs" },
    content: one.content,
    created_at: one.createdAt
  })

  return { user, service, oncall, incident, note }
}
