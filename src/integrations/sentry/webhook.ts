import { DateTime, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { ProjectId } from "../../domain/ChannelRoute.ts"
import type { IncomingEvent } from "../../domain/Event.ts"
import type { Event, Payload } from "./payload.ts"
import { parse } from "./payload.ts"

/** A webhook's body as it came. */
export interface Delivery {
  readonly bytes: Uint8Array
  /** The bytes as text, with replacement characters where they are not UTF-8. */
  readonly text: string
  /** `None` when the body is not a JSON object. */
  readonly payload: Option.Option<Payload>
}

/** Never fails: a body that cannot be read is still a delivery. No database takes U+0000 in a text. */
export const receive = (bytes: Uint8Array): Delivery => {
  const text = new TextDecoder().decode(bytes).replaceAll("\0", "\ufffd")
  return { bytes, text, payload: parse(text) }
}

export const installationOf = ({ payload }: Delivery): string | undefined =>
  Option.getOrUndefined(payload)?.installation?.uuid

interface Context {
  /** The header `sentry-hook-resource`, which is not signed. */
  readonly resource: string | undefined
  /** Our project ids by Sentry slug. */
  readonly projects: Readonly<Record<string, string>> | undefined
  readonly now: DateTime.Utc
}

/** What the data says for itself, told by its shape. */
interface Facts {
  readonly resource: string
  /** Equal for two deliveries of the same thing; a part that is missing makes it the body's digest. */
  readonly key: ReadonlyArray<string | number | null | undefined>
  readonly titles: ReadonlyArray<string | undefined>
  readonly slug?: unknown
  /** ISO 8601, or epoch seconds. */
  readonly at?: string | number | undefined
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")

/** `/api/0/projects/{org}/{slug}/events/…` is the only place where an event names its project. */
const slugOf = ({ issue_url, url }: Event): string | undefined =>
  [url, issue_url].map((text) => /\/api\/0\/projects\/[^/]+\/([^/?#]+)\/events\//.exec(text ?? "")?.[1]).find(Boolean)

const ofEvent = (event: Event) => ({ titles: [event.title], slug: slugOf(event), at: event.datetime ?? event.received })

/** The keys are those parts of the content that no retry of Sentry's changes; `Request-ID` is new on every attempt. */
const factsOf = ({ action, data = {}, installation }: Payload, bodyDigest: string): Facts => {
  const { comment_id, description_title, error, event, issue, metric_alert: alert } = data
  if (issue !== undefined) {
    return {
      resource: "issue",
      key: [issue.id, action, issue.status ?? null, issue.substatus ?? null, bodyDigest],
      titles: [issue.title],
      slug: issue.project?.slug,
      // For all that happens later the issue does not say when.
      at: action === "created" ? issue.firstSeen : undefined
    }
  }
  if (event !== undefined) {
    return {
      resource: "event_alert",
      key: [installation?.uuid, event.event_id, data.triggered_rule],
      ...ofEvent(event)
    }
  }
  if (alert !== undefined || description_title !== undefined) {
    return {
      resource: "metric_alert",
      key: [alert?.id, action, alert?.date_closed ?? alert?.date_started],
      titles: [description_title, alert?.title],
      slug: alert?.projects?.[0],
      at: action === "resolved" ? alert?.date_closed : alert?.date_started
    }
  }
  if (error !== undefined) return { resource: "error", key: [error.event_id], ...ofEvent(error) }
  if (comment_id !== undefined) {
    const { comment, project_slug: slug, timestamp: at } = data
    return { resource: "comment", key: [comment_id, action, at], titles: [comment], slug, at }
  }
  return { resource: data.installation === undefined ? "unknown" : "installation", key: [undefined], titles: [] }
}

/** What every verified body of ours is if it cannot be read. */
const unreadable: Facts = { resource: "unknown", key: [undefined], titles: [] }

const word = (text: string | undefined): string => /^[a-z0-9_-]{1,64}$/.exec(text ?? "")?.[0] ?? "unknown"

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

const maxTitle = 256

/** One line of 256 characters at most, cut between code points. */
const titleOf = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").replace(/\p{Cs}/gu, "\ufffd").trim()
  return line.length <= maxTitle ? line : `${line.slice(0, maxTitle - 1).replace(/\p{Cs}$/u, "")}…`
}

const isProjectId = Schema.is(ProjectId)

const projectOf = (slug: unknown, projects: Context["projects"] = {}): string | null => {
  if (typeof slug !== "string") return null
  const project = Object.hasOwn(projects, slug) ? projects[slug] : slug
  return isProjectId(project) && !/\p{Cs}/u.test(project) ? project : null
}

const isoTime = /^\d{4}-\d\d-\d\dT/

/** Sentry's time, unless it is none, or is one that has not come yet. */
const timeOf = (at: Facts["at"], now: DateTime.Utc): DateTime.Utc => {
  if (at === undefined || (typeof at === "string" && !isoTime.test(at))) return now
  return Option.match(DateTime.make(typeof at === "string" ? at : Math.floor(at * 1000)), {
    onNone: () => now,
    onSome: (time) => time.epochMillis < 0 ? now : DateTime.min(DateTime.toUtc(time), now)
  })
}

/** Total: any verified body gives an event. The dedup key depends on the body alone. */
export const incomingEvent = (
  { bytes, payload, text }: Delivery,
  { now, projects, resource: header }: Context
): IncomingEvent => {
  const bodyDigest = sha256(bytes)
  const facts = Option.match(payload, {
    onNone: () => unreadable,
    onSome: (payload) => factsOf(payload, bodyDigest)
  })
  const key = facts.key.includes(undefined)
    ? ["body", bodyDigest]
    : facts.key.map((part) => part === null ? null : String(part))
  const resource = Option.isNone(payload) ? "unknown" : resourceOf(header, facts.resource)
  const action = word(Option.getOrUndefined(payload)?.action)
  const title = facts.titles.map((title) => titleOf(title ?? "")).find((title) => title !== "")
  return {
    source: "sentry",
    type: `sentry.${resource}.${action}`,
    dedupKey: `sentry:${facts.resource}:${sha256(JSON.stringify(key))}`,
    title: title ?? `Sentry ${resource} ${action}`,
    projectId: projectOf(facts.slug, projects),
    forAgent: forAgents.has(`${resource}.${action}`),
    body: text,
    occurredAt: timeOf(facts.at, now)
  }
}
