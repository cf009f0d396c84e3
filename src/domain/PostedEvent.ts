import { type DateTime, Schema } from "effect"
import { ProjectId } from "./ChannelRoute.ts"
import { type EventState, type IncomingEvent, Severity } from "./Event.ts"
import { optionally, strictly } from "./Integration.ts"
import { example, Name } from "./Text.ts"

/** What happened, as patterns are matched against it: no `*`. */
export const EventType = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_.-]{1,128}$/, { message: () => "expected 1 to 128 characters of A-Z a-z 0-9 _ . -" }),
  Schema.annotations({
    identifier: "EventType",
    description: "What happened; routes match it. A last part of `acknowledged` or `resolved` says how it stands now",
    ...example("deploy.finished")
  })
)

const longestUrl = 2048
const longestText = 65_536

const Link = Schema.String.pipe(
  // What the URL parser would drop or mend is refused, so that all channels link to the same page.
  Schema.filter((text) =>
    text.length <= longestUrl && /^https?:\/\/[^\s\p{Cc}\p{Cs}]+$/iu.test(text) && URL.canParse(text)
  )
).annotations({
  message: () => ({ message: `expected an http or https URL of at most ${longestUrl} characters`, override: true }),
  jsonSchema: { type: "string", format: "uri", pattern: "^https?://", maxLength: longestUrl },
  description: "A page that shows it",
  ...example("https://ci.acme.com/deploys/4711")
})

const Text = Schema.String.pipe(
  Schema.maxLength(longestText, { message: () => `expected at most ${longestText} characters` })
).annotations({ description: "The text of the message", ...example("api-gateway v2.14.0 is live") })

/** An event that somebody emits by a call of ours. */
export const PostedEvent = Schema.Struct({
  type: EventType,
  title: Name.annotations({ description: "The message's headline", ...example("Deploy finished") }),
  projectId: optionally(ProjectId.annotations({ description: "The project that it belongs to" })),
  severity: Schema.optionalWith(Severity, { nullable: true, default: () => "warning" as const }),
  url: optionally(Link),
  body: optionally(Text),
  dedupKey: optionally(
    Name.annotations({ description: "Within 24 hours the same key is the same event", ...example("deploy-4711") })
  ),
  groupKey: optionally(
    Name.annotations({ description: "What bursts are folded by; without it nothing is", ...example("api-gateway") })
  )
}).annotations({ identifier: "PostedEvent", description: "The event to emit", parseOptions: strictly })
export type PostedEvent = typeof PostedEvent.Type

const stateOf = (type: string): EventState => {
  const last = type.slice(type.lastIndexOf(".") + 1)
  return last === "resolved" || last === "acknowledged" ? last : "open"
}

/** PostgreSQL stores no U+0000, and UTF-8 has no halves of characters. */
const storable = (text: string): string => text.replace(/\p{Cs}/gu, "\uFFFD").replaceAll("\u0000", "\uFFFD")

/** Keys of callers stand apart from those that vendors' events have. `unique` is the key of an event without one. */
export const incoming = (posted: PostedEvent, unique: string, now: DateTime.Utc): IncomingEvent => ({
  source: "api",
  type: posted.type,
  dedupKey: posted.dedupKey === undefined ? unique : `api:${posted.dedupKey}`,
  title: posted.title,
  text: posted.body === undefined || posted.body === "" ? null : storable(posted.body),
  url: posted.url ?? null,
  severity: posted.severity,
  state: stateOf(posted.type),
  groupKey: posted.groupKey === undefined ? null : `api:${posted.groupKey}`,
  projectId: posted.projectId ?? null,
  forAgent: false,
  // JSON.stringify escapes both U+0000 and halves of characters.
  body: JSON.stringify(posted),
  dataPath: "",
  occurredAt: now
})
