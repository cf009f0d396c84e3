import { Context, type Effect } from "effect"
import type { Destination } from "../domain/Delivery.ts"

/** Tells the senders of destinations that there is something to do. */
export class Dispatch extends Context.Tag("alerts/Dispatch")<Dispatch, {
  /** Light and fit to be lost: the sweep finds what nobody was woken for. */
  readonly wake: (destinations: ReadonlyArray<Destination>) => Effect.Effect<void>
}>() {}
