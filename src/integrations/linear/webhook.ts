import { Config, ConfigError, DateTime, Duration, Either, Option, Predicate } from "effect"
import type { IncomingEvent, Severity } from "../../domain/Event.ts"
import { digest, groupOf, projectOf, textOf, timeOf, titleOf, urlOf, word } from "../../services/normalise.ts"
import type { EventContext, Webhook } from "../../services/webhookIntake.ts"
import type { Received } from "../../services/webhookPayload.ts"
import { signaturesOf } from "../../services/webhookSignature.ts"
import { type Data, type Payload, read } from "./payload.ts"

/**
 * How old a signed delivery may be. Linear advises a minute, but tries again for up to seven hours, and whether a
 * repeat is stamped anew is not documented.
 */
export const webhookMaxAge = Config.duration("LINEAR_WEBHOOK_MAX_AGE").pipe(
  Config.withDefault(Duration.hours(24)),
  Config.mapOrFail((age) =>
    Duration.greaterThanOrEqualTo(age, "1 minute")
      ? Either.right(age)
      : Either.left(ConfigError.InvalidData(["LINEAR_WEBHOOK_MAX_AGE"], "expected a minute or more"))
  )
)

/** How far Linear's clock may be ahead of ours. */
const maxAhead = Duration.seconds(60)

/** `IssueLabel` → `issue_label`, `IssueSLA` → `issue_sla`. */
const snakeCase = (name: string | undefined): string => word(name?.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase())

/** `webhookTimestamp` may be new at every attempt; `Linear-Delivery` is not signed. */
const withoutTimestamp = Option.liftThrowable((json: object): string => {
  const { webhookTimestamp: _, ...content }: { readonly webhookTimestamp?: unknown } = json
  return JSON.stringify(content)
})

/** Nesting that no serialiser takes is no content that was serialised: its bytes are what they are. */
const contentDigest = ({ bytes, json }: Received<Payload>): string =>
  Option.match(Option.flatMap(Option.filter(json, Predicate.isRecord), withoutTimestamp), {
    onNone: () => digest(bytes),
    onSome: digest
  })

const severityOf = ({ priority }: Data): Severity => priority === 1 ? "error" : priority === 2 ? "warning" : "info"

/** A comment belongs to its issue. */
const groupKeyOf = (entity: string, data: Data): string | null =>
  entity === "comment"
    ? groupOf("linear:issue", data.issueId ?? data.issue?.id)
    : groupOf(`linear:${entity}`, data.id)

const isClosed = ({ state }: Data): boolean => state?.type === "completed" || state?.type === "canceled"

const firstLine = (text: string | undefined): string | undefined => text?.trim().split(/[\r\n]/, 1)[0]

const incomingEvent = (received: Received<Payload>, { now }: Pick<EventContext<unknown>, "now">): IncomingEvent => {
  const { action, createdAt, data: own, issueData, type, url, webhookTimestamp }: Payload =
    Option.getOrUndefined(received.payload) ?? {}
  const data: Data = own ?? issueData ?? {}
  const entity = snakeCase(type)
  const what = snakeCase(action)
  const name = [data.identifier, data.title ?? data.name].filter((part) => part !== undefined).join(" ")
  const title = titleOf([name, firstLine(data.body)], `Linear ${entity} ${what}`)
  return {
    source: "linear",
    type: `linear.${entity}.${what}`,
    dedupKey: `linear:${contentDigest(received)}`,
    title,
    text: textOf([data.description ?? data.body], title),
    url: urlOf([url, data.url]),
    severity: severityOf(data),
    state: entity === "issue" && isClosed(data) ? "resolved" : "open",
    groupKey: groupKeyOf(entity, data),
    projectId: projectOf(data.team?.key ?? data.issue?.team?.key),
    // Linear's issues are work to plan, not incidents.
    forAgent: false,
    body: received.text,
    dataPath: own === undefined && issueData !== undefined ? "issueData" : "data",
    occurredAt: timeOf(createdAt ?? webhookTimestamp, now)
  }
}

const stale =
  (maxAge: Duration.Duration) => ({ payload }: Received<Payload>, now: DateTime.Utc): string | undefined => {
    const signedAt = Option.getOrUndefined(payload)?.webhookTimestamp
    if (signedAt === undefined) return undefined
    const ageMs = DateTime.toEpochMillis(now) - signedAt
    if (ageMs > Duration.toMillis(maxAge)) {
      return `webhookTimestamp: signed more than ${
        Duration.format(maxAge)
      } ago, which LINEAR_WEBHOOK_MAX_AGE allows at most`
    }
    return -ageMs > Duration.toMillis(maxAhead)
      ? `webhookTimestamp: more than ${Duration.format(maxAhead)} ahead of this service's clock`
      : undefined
  }

/** Linear docs, "Webhooks". */
export const linearWebhook = (maxAge: Duration.Duration): Webhook<unknown, Payload> => ({
  source: "linear",
  header: "linear-signature",
  expected: "64 hexadecimal digits",
  signatures: (header) => signaturesOf([header]),
  read,
  stale: stale(maxAge),
  event: incomingEvent
})
