import { Option } from "effect"
import type { EventState, IncomingEvent, Severity } from "../../domain/Event.ts"
import { digest, groupOf, projectOf, textOf, timeOf, titleOf, urlOf } from "../../services/normalise.ts"
import type { EventContext, Webhook } from "../../services/webhookIntake.ts"
import type { Received } from "../../services/webhookPayload.ts"
import { signaturesOf } from "../../services/webhookSignature.ts"
import { type Payload, read } from "./payload.ts"

type Told = NonNullable<Payload["event"]>
type Data = NonNullable<Told["data"]>

/** PagerDuty names its own types; any other text would be no event type of ours. */
const typeOf = ({ event_type }: Told): string =>
  /^[A-Za-z0-9_.-]{1,128}$/.exec(event_type ?? "")?.[0] ?? "pagerduty.unknown"

/** Events by which somebody has to do something, or knows that nothing is left to do. */
const forAgents = new Set([
  "incident.triggered",
  "incident.reopened",
  "incident.unacknowledged",
  "incident.escalated",
  "incident.acknowledged",
  "incident.resolved",
  "incident.priority_updated"
])

const states: ReadonlyMap<string, EventState> = new Map([
  ["incident.resolved", "resolved"],
  ["incident.acknowledged", "acknowledged"]
])

/** An incident whose urgency is not said is not taken for a trifle. */
const severityOf = (type: string, { urgency }: Data): Severity => {
  if (!type.startsWith("incident.")) return "info"
  if (urgency === "high") return "critical"
  if (urgency === "low") return "warning"
  return forAgents.has(type) ? "error" : "info"
}

/** The incident itself, or the one that a note, an update or a task belongs to. */
const incidentOf = (type: string, data: Data) => {
  if (data.incident !== undefined) return data.incident.id
  return data.type === "incident" || (data.type === undefined && type.startsWith("incident.")) ? data.id : undefined
}

const serviceOf = (data: Data): string | undefined => data.type === "service" ? data.summary : data.service?.summary

const namesOf = ({ assignees = [] }: Data): string => assignees.flatMap(({ summary }) => summary ?? []).join(", ")

const labelled = (label: string, text: string | undefined) =>
  text === undefined || text === "" ? undefined : `${label}: ${text}`

/** `event.id` is signed. The header's id, which is not, is the same for all attempts at a delivery. */
const keyOf = ({ bytes }: Received<Payload>, { id }: Told, webhookId: string | undefined) => {
  if (id !== undefined) return ["event", String(id)]
  return webhookId === undefined ? ["body", digest(bytes)] : ["webhook", webhookId]
}

const incomingEvent = (
  received: Received<Payload>,
  { headers, now }: Pick<EventContext<unknown>, "headers" | "now">
): IncomingEvent => {
  const told: Told = Option.getOrUndefined(received.payload)?.event ?? {}
  const { data = {} } = told
  const type = typeOf(told)
  const title = titleOf([data.title, data.incident?.summary, data.summary], `PagerDuty ${type}`)
  return {
    source: "pagerduty",
    type,
    dedupKey: `pagerduty:${digest(JSON.stringify(keyOf(received, told, headers["x-webhook-id"])))}`,
    title,
    text: textOf([
      data.content,
      data.message,
      labelled("Priority", data.priority?.summary),
      labelled("Assigned to", namesOf(data))
    ], title),
    url: urlOf([data.html_url, data.incident?.html_url]),
    severity: severityOf(type, data),
    state: states.get(type) ?? "open",
    groupKey: groupOf("pagerduty:incident", incidentOf(type, data)),
    projectId: projectOf(serviceOf(data)),
    forAgent: forAgents.has(type),
    body: received.text,
    dataPath: "event.data",
    occurredAt: timeOf(told.occurred_at, now)
  }
}

/**
 * PagerDuty docs, "Webhooks V3". Two signatures come while a secret is changed. Nothing says when a delivery was signed,
 * and retries go on for 48 hours, so no delivery is too old.
 */
export const pagerdutyWebhook: Webhook<unknown, Payload> = {
  source: "pagerduty",
  header: "x-pagerduty-signature",
  expected: "v1= and 64 hexadecimal digits, once or several times with commas between",
  signatures: (header) =>
    signaturesOf(
      header.split(",").map((part) => part.trim()).filter((part) => part.startsWith("v1=")).map((part) => part.slice(3))
    ),
  read,
  event: incomingEvent
}
