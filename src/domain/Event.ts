import { type DateTime, Schema } from "effect"

/** How bad it is, from the mildest to the worst. */
export const severities = ["info", "warning", "error", "critical"] as const

export const Severity = Schema.Literal(...severities).annotations({
  identifier: "Severity",
  description: "How bad it is",
  examples: ["warning"]
})
export type Severity = typeof Severity.Type

/** 0 for the mildest. */
export const severityRank = (severity: Severity): number => severities.indexOf(severity)

/** Where the thing that an event is about stands now. */
export const EventState = Schema.Literal("open", "acknowledged", "resolved")
export type EventState = typeof EventState.Type

/** What a webhook, a posted event or a call to a vendor told us: normalised, with the sender's own body kept. */
export interface IncomingEvent {
  /** Who told us: `sentry`, `pagerduty`, `linear`, or `api` for a posted event. */
  readonly source: string
  /** `sentry.issue.created`, `incident.acknowledged`, … */
  readonly type: string
  /** Equal for two deliveries of the same thing, within one org. */
  readonly dedupKey: string
  /** One line. */
  readonly title: string
  /** What there is to say beyond the title, of any length; `null` where there is nothing. */
  readonly text: string | null
  /** An http or https page that shows it; `null` where there is none. */
  readonly url: string | null
  readonly severity: Severity
  readonly state: EventState
  /**
   * What bursts are folded by, unique within the org: the Sentry issue, the PagerDuty incident, …; `null` for an event
   * that is never folded.
   */
  readonly groupKey: string | null
  /** Our project; `null` when the sender names none. */
  readonly projectId: string | null
  /** Whether an incident agent has to look at it. */
  readonly forAgent: boolean
  /** As received. */
  readonly body: string
  /** Where in the body the sender's data stands: `data`, `event.data`, or empty for all of it. */
  readonly dataPath: string
  readonly occurredAt: DateTime.Utc
}

/** What became of an event. A repeat of one gives the first one's answer. */
export interface Accepted {
  readonly eventId: string
  readonly agentId: string | null
  /** How many deliveries it has. */
  readonly deliveries: number
  readonly repeated: boolean
}
