import type { DateTime } from "effect"

/** What a webhook, or a call to a vendor, told us: normalised, with the vendor's own body kept. */
export interface IncomingEvent {
  /** Who told us: `sentry`, `pagerduty`, … */
  readonly source: string
  /** `sentry.issue.created`, `incident.acknowledged`, … */
  readonly type: string
  /** Equal for two deliveries of the same thing, within one org. */
  readonly dedupKey: string
  readonly title: string
  /** Our project; `null` when the sender names none. */
  readonly projectId: string | null
  /** Whether an incident agent has to look at it. */
  readonly forAgent: boolean
  /** As received. */
  readonly body: string
  readonly occurredAt: DateTime.Utc
}

/** What became of an event. A repeat of one gives the first one's answer. */
export interface Accepted {
  readonly eventId: string
  readonly agentId: string | null
  readonly repeated: boolean
}
