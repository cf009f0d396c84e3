import type { DateTime, Effect } from "effect"
import type { UpstreamFailed, UpstreamRejected } from "./Errors.ts"
import type { EventState, Severity } from "./Event.ts"

/** What a message in a channel has to say. Every text in it comes from outside. */
export interface Alert {
  readonly eventType: string
  readonly severity: Severity
  readonly state: EventState
  /** One line, 256 characters at most. */
  readonly title: string
  /** Of any length and any characters; `null` where there is nothing beyond the title. */
  readonly text: string | null
  /** An http or https URL. */
  readonly url: string | null
  readonly projectId: string | null
  /** `sentry`, `pagerduty`, `linear`, `api`. */
  readonly source: string
  readonly occurredAt: DateTime.Utc
  /** How many further events of the same group this message stands for. */
  readonly folded: number
  /** Sent to try a route out: nothing has happened. */
  readonly test: boolean
}

/** What a channel says of a message that it took. */
export interface Sent {
  /** How long to leave this destination alone now, in milliseconds. */
  readonly pauseMs: number
  /** The destination's new id, where the channel says that it has moved. */
  readonly movedTo?: string
}

/**
 * How a channel sends: once, since whether and when to try again is the delivery engine's to decide. `UpstreamRejected`
 * is for good. Equal delivery ids are the same message.
 */
export type SendAlert<Config> = (
  config: Config,
  channelId: string,
  alert: Alert,
  deliveryId: string
) => Effect.Effect<Sent, UpstreamFailed | UpstreamRejected>
