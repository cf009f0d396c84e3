import { Duration, Schema } from "effect"
import { type EventState, severities, type Severity, severityRank } from "./Event.ts"
import type { OrgId } from "./Ids.ts"

/** Where a delivery stands. */
export const DeliveryStatus = Schema.Literal("pending", "delivering", "delivered", "failed", "dead").annotations({
  identifier: "DeliveryStatus",
  description: "`failed`: refused for good, with the vendor's reason; `dead`: tried for 24 hours in vain"
})
export type DeliveryStatus = typeof DeliveryStatus.Type

/** The place that deliveries go to, one at a time and in order. `channel` is a channel's id, or `agent`. */
export interface Destination {
  readonly orgId: OrgId
  readonly channel: string
  readonly channelId: string
}

/** The channel of deliveries to an incident agent's own endpoint; the channel id is the agent's id. */
export const agentChannel = "agent"

/** How an attempt to send ended. `interrupted`: the service stopped before the answer came, so it may have arrived. */
export const AttemptOutcome = Schema.Literal(
  "delivered",
  "refused",
  "credentials",
  "throttled",
  "failed",
  "interrupted"
)
  .annotations({ identifier: "AttemptOutcome", description: "`refused` is for good, all else is tried again" })
export type AttemptOutcome = typeof AttemptOutcome.Type

/** How long a message that fails for a passing reason is tried again, from its first attempt. */
export const lifetime = Duration.hours(24)

const firstWaitMs = Duration.toMillis("1 second")
const longestWaitMs = Duration.toMillis("1 hour")

/**
 * How long to wait after the n-th attempt, n from 1: doubling from one second to one hour, and jittered by up to a
 * fifth so that destinations of one vendor do not come back in step. `random` is from 0 to 1.
 */
export const backoffMs = (attempt: number, random: number): number =>
  Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempt - 1, 20)) * (0.8 + 0.4 * random)

/**
 * How many attempts, at most, such waits leave room for in the time since the first one. Attempts are counted on when a
 * delivery is begun afresh, by hand or after a pause; its waits begin anew.
 */
export const attemptsWithin = (sinceFirstMs: number): number =>
  1 + Math.ceil(Math.log2(Math.max(0, sinceFirstMs) / firstWaitMs + 1))

/** What a destination was last told about a group of events. */
export interface Told {
  readonly atMs: number
  readonly state: EventState
  readonly severity: Severity
}

/** What of a pending delivery decides whether it is folded. */
export interface Foldable {
  readonly state: EventState
  readonly severity: Severity
}

/** Send the first `count` of the pending ones as one message, or leave all of them until a time. */
export type Plan =
  | { readonly _tag: "Send"; readonly count: number }
  | { readonly _tag: "Hold"; readonly untilMs: number }

const leadingOf = (state: EventState, rows: ReadonlyArray<Foldable>): number => {
  const other = rows.findIndex((row) => row.state !== state)
  return other === -1 ? rows.length : other
}

/**
 * What to do with the pending deliveries of one group to one destination, oldest first. Within the window after a
 * message they wait for one next message; a change of state or a higher severity ends the wait, and takes along what
 * has waited. A message never mixes in what came after a further change of state.
 */
export const plan = (
  pending: ReadonlyArray<Foldable>,
  told: Told | undefined,
  nowMs: number,
  windowMs: number
): Plan => {
  const [first] = pending
  if (first === undefined) return { _tag: "Hold", untilMs: nowMs }
  // A message of the future was sent before the clock was put back: it says nothing about now.
  if (told === undefined || nowMs >= told.atMs + windowMs || nowMs < told.atMs) {
    return { _tag: "Send", count: leadingOf(first.state, pending) }
  }
  const change = pending.findIndex((row) =>
    row.state !== told.state || severityRank(row.severity) > severityRank(told.severity)
  )
  const changed = pending[change]
  return changed === undefined
    ? { _tag: "Hold", untilMs: told.atMs + windowMs }
    : { _tag: "Send", count: change + leadingOf(changed.state, pending.slice(change)) }
}

/** The worst of several. */
export const worst = (all: ReadonlyArray<Severity>): Severity =>
  severities[Math.max(0, ...all.map(severityRank))] ?? "info"
