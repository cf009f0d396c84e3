import { type DateTime, Effect, Order } from "effect"
import { v7 as timeOrderedUuid } from "uuid"
import { agentChannel, type Destination } from "../domain/Delivery.ts"
import { checked } from "../persistence/checked.ts"
import { DeliveriesRepo, DeliveryRow } from "../persistence/DeliveriesRepo.ts"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import type { EventRow } from "../persistence/EventsRepo.ts"

/** Where an event is to go, and the route that says so; an agent's endpoint has none. */
export interface Target {
  readonly routeNumber: number | null
  readonly channel: string
  readonly channelId: string
}

/** The same order everywhere: transactions that take several destinations' numbers never wait for each other in a ring. */
export const byPlace = Order.mapInput(
  Order.array(Order.string),
  ({ channel, channelId }: Pick<Destination, "channel" | "channelId">) => [channel, channelId]
)

/** Puts deliveries into their destinations' queues. */
export class Queue extends Effect.Service<Queue>()("alerts/Queue", {
  effect: Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const deliveries = yield* DeliveriesRepo

    /** Only within the transaction that stores the event. An agent's endpoint gets each event for itself. */
    const add = Effect.fnUntraced(
      function*(event: EventRow, targets: ReadonlyArray<Target>, now: DateTime.Utc) {
        return yield* Effect.forEach(
          targets.toSorted(byPlace),
          Effect.fnUntraced(function*({ channel, channelId, routeNumber }) {
            const { eventType, orgId, severity, state } = { ...event, eventType: event.type }
            const destination: Destination = { orgId, channel, channelId }
            const row = new DeliveryRow({
              ...destination,
              id: `dlv-${timeOrderedUuid()}`,
              eventId: event.id,
              eventType,
              routeNumber,
              number: yield* destinations.takeNumber(destination, now),
              status: "pending",
              attemptCount: 0,
              nextAttemptAt: null,
              retryUntil: null,
              heldUntil: null,
              lastError: null,
              groupKey: channel === agentChannel ? null : event.groupKey,
              state,
              severity,
              foldedInto: null,
              createdAt: now,
              deliveredAt: null
            }, checked)
            yield* deliveries.insert(row)
            return row
          })
        )
      }
    )

    return { add } as const
  })
}) {}
