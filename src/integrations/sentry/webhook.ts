import { Option, Predicate } from "effect"
import type { IncomingEvent, Severity } from "../../domain/Event.ts"
import { digest, groupOf, projectOf, textOf, timeOf, titleOf, urlOf, word } from "../../services/normalise.ts"
import type { EventContext, Webhook } from "../../services/webhookIntake.ts"
import type { Received } from "../../services/webhookPayload.ts"
import { signaturesOf } from "../../services/webhookSignature.ts"
import type { SentryConfig } from "./definition.ts"
import { type Event, installationOf, type Payload, read } from "./payload.ts"

/** What the data says for itself, told by its shape. */
interface Facts {
  readonly resource: string
  /** Equal for two deliveries of the same thing; a part that is missing makes it the body's digest. */
  readonly key: ReadonlyArray<string | number | null | undefined>
  readonly titles: ReadonlyArray<string | undefined>
  readonly texts?: ReadonlyArray<string | undefined>
  readonly urls?: ReadonlyArray<string | undefined>
  readonly level?: string | undefined
  readonly group?: string | null
  readonly slug?: unknown
  /** ISO 8601, or epoch milliseconds. */
  readonly at?: string | number | undefined
}

/** `/api/0/projects/{org}/{slug}/events/…` is the only place where an event names its project. */
const slugOf = ({ issue_url, url }: Event): string | undefined =>
  [url, issue_url].map((text) => /\/api\/0\/projects\/[^/]+\/([^/?#]+)\/events\//.exec(text ?? "")?.[1]).find(Boolean)

/** `url` and `issue_url` are of Sentry's API: no pages to look at. */
const ofEvent = (event: Event, rule?: string) => ({
  titles: [event.title],
  texts: [event.culprit, rule && `Alert rule: ${rule}`],
  urls: [event.web_url],
  level: event.level,
  group: groupOf("sentry:issue", event.issue_id),
  slug: slugOf(event),
  at: event.datetime ?? (event.received === undefined ? undefined : Math.floor(event.received * 1000))
})

/** The keys are those parts of the content that no retry of Sentry's changes; `Request-ID` is new on every attempt. */
const factsOf = ({ action, data = {}, installation }: Payload, bodyDigest: string): Facts => {
  const { comment_id, description_title, error, event, issue, metric_alert: alert } = data
  if (issue !== undefined) {
    return {
      resource: "issue",
      key: [issue.id, action, issue.status ?? null, issue.substatus ?? null, bodyDigest],
      titles: [issue.title],
      texts: [issue.culprit],
      urls: [issue.web_url, issue.permalink],
      level: issue.level,
      group: groupOf("sentry:issue", issue.id),
      slug: issue.project?.slug,
      // For all that happens later the issue does not say when.
      at: action === "created" ? issue.firstSeen : undefined
    }
  }
  if (event !== undefined) {
    return {
      resource: "event_alert",
      key: [installation?.uuid, event.event_id, data.triggered_rule],
      ...ofEvent(event, data.triggered_rule)
    }
  }
  if (alert !== undefined || description_title !== undefined) {
    return {
      resource: "metric_alert",
      // One alert can become critical twice before it is closed: the body tells the two apart.
      key: [alert?.id, action, alert?.date_closed ?? alert?.date_started, bodyDigest],
      titles: [description_title, alert?.title],
      texts: [data.description_text],
      urls: [data.web_url],
      group: groupOf("sentry:metric_alert", alert?.id),
      slug: alert?.projects?.[0],
      at: action === "resolved" ? alert?.date_closed : alert?.date_started
    }
  }
  if (error !== undefined) return { resource: "error", key: [error.event_id], ...ofEvent(error) }
  if (comment_id !== undefined) {
    const { comment, project_slug: slug, timestamp: at } = data
    // People's words are not folded, so there is no group.
    return { resource: "comment", key: [comment_id, action, at], titles: [comment], texts: [comment], slug, at }
  }
  return { resource: data.installation === undefined ? "unknown" : "installation", key: [undefined], titles: [] }
}

/** What every verified body of ours is if it cannot be read. */
const unreadable: Facts = { resource: "unknown", key: [undefined], titles: [] }

const shapes = new Set(["issue", "event_alert", "metric_alert", "error", "comment", "installation"])

/**
 * The header's word counts for resources that we do not know by their shape. For those that we know, the shape wins,
 * because it is signed: a captured delivery cannot be sent again as something else.
 */
const resourceOf = (header: string | undefined, shape: string): string => {
  if (header === undefined) return shape
  return shapes.has(header) && shape !== "unknown" ? shape : word(header)
}

/** Contract, section 4. All else is stored and matched against channel routes only. */
const forAgents = new Set([
  "issue.created",
  "issue.unresolved",
  "issue.resolved",
  "event_alert.triggered",
  "metric_alert.critical",
  "metric_alert.warning",
  "metric_alert.resolved",
  "error.created"
])

const resolutions = new Set(["issue.resolved", "metric_alert.resolved"])

const bySeverity: ReadonlyMap<string, Severity> = new Map([
  ["fatal", "critical"],
  ["error", "error"],
  ["warning", "warning"],
  ["info", "info"],
  ["debug", "info"],
  ["sample", "info"]
])

const severityOf = (resource: string, action: string, level: string | undefined): Severity => {
  if (resolutions.has(`${resource}.${action}`) || resource === "comment" || resource === "installation") return "info"
  if (resource === "metric_alert" && (action === "critical" || action === "warning")) return action
  return bySeverity.get(level ?? "") ?? "error"
}

const projectBySlug = (slug: unknown, projects: SentryConfig["projects"] = {}): string | null =>
  Predicate.isString(slug) ? projectOf(Object.hasOwn(projects, slug) ? projects[slug] : slug) : null

/** The dedup key depends on the body alone. */
const incomingEvent = (
  { bytes, payload, text }: Received<Payload>,
  { config, headers, now }: EventContext<Pick<SentryConfig, "projects">>
): IncomingEvent => {
  const bodyDigest = digest(bytes)
  const facts = Option.match(payload, {
    onNone: () => unreadable,
    onSome: (payload) => factsOf(payload, bodyDigest)
  })
  const key = facts.key.includes(undefined)
    ? ["body", bodyDigest]
    : facts.key.map((part) => part === null ? null : String(part))
  const resource = Option.isNone(payload) ? "unknown" : resourceOf(headers["sentry-hook-resource"], facts.resource)
  const action = word(Option.getOrUndefined(payload)?.action)
  const title = titleOf(facts.titles, `Sentry ${resource} ${action}`)
  return {
    source: "sentry",
    type: `sentry.${resource}.${action}`,
    dedupKey: `sentry:${facts.resource}:${digest(JSON.stringify(key))}`,
    title,
    text: textOf(facts.texts ?? [], title),
    url: urlOf(facts.urls ?? []),
    severity: severityOf(resource, action, facts.level),
    state: resolutions.has(`${resource}.${action}`) ? "resolved" : "open",
    groupKey: facts.group ?? null,
    projectId: projectBySlug(facts.slug, config.projects),
    forAgent: forAgents.has(`${resource}.${action}`),
    body: text,
    dataPath: "data",
    occurredAt: timeOf(facts.at, now)
  }
}

/** Sentry docs, "Webhooks". Its timestamp header is not signed and proves nothing. */
export const sentryWebhook: Webhook<Pick<SentryConfig, "projects">, Payload> = {
  source: "sentry",
  header: "sentry-hook-signature",
  expected: "64 hexadecimal digits",
  signatures: (header) => signaturesOf([header]),
  installation: installationOf,
  read,
  event: incomingEvent
}
