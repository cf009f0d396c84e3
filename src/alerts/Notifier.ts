import { Context, Data, type Effect } from "effect"
import type { Alert, Sent } from "../domain/Alert.ts"
import type { Destination } from "../domain/Delivery.ts"
import type { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import type { EventRow } from "../persistence/EventsRepo.ts"

/** What is to be sent: the message for people, and the event itself for agents. */
export interface Notification {
  /** The same at every attempt at the same message: one that stands for more by now is another. */
  readonly deliveryId: string
  readonly alert: Alert
  readonly event: EventRow
}

/** The integration cannot be used as it is configured. `config` is when that config was stored, empty without one. */
export class Paused extends Data.TaggedError("Paused")<{
  readonly config: string
  readonly details: string
}> {}

/** A destination that can be sent to. */
export interface Line {
  /** As in `Paused`: what is to be paused if the vendor refuses the credentials now. */
  readonly config: string
  /**
   * Sends one message, once: whether and when to try again is the sender's to decide. `UpstreamRejected` is for good;
   * `UpstreamFailed` may pass.
   */
  readonly send: (notification: Notification) => Effect.Effect<Sent, UpstreamFailed | UpstreamRejected>
}

/** How destinations are reached. */
export class Notifier extends Context.Tag("alerts/Notifier")<
  Notifier,
  (destination: Destination) => Effect.Effect<Line, Paused>
>() {}
