import { Config, DateTime, Duration, Effect, Option } from "effect"
import { type Destination, plan } from "../domain/Delivery.ts"
import { DeliveriesRepo, type DeliveryRow } from "../persistence/DeliveriesRepo.ts"

/** How long further events of a group wait for one next message. */
export const groupWindow = Config.duration("GROUP_WINDOW").pipe(Config.withDefault(Duration.seconds(60)))

/** Deliveries that one message stands for, the oldest first. The head's attempts are those of the message. */
export interface Batch {
  readonly _tag: "Batch"
  readonly head: DeliveryRow
  /** With the head; the message tells what the last one is about. */
  readonly rows: ReadonlyArray<DeliveryRow>
}

/** There is nothing to send before that time; `null` where there is nothing at all. */
export interface Nothing {
  readonly _tag: "Nothing"
  readonly until: DateTime.Utc | null
}

/** Finds what a destination's next message is. */
export class Batches extends Effect.Service<Batches>()("alerts/Batches", {
  effect: Effect.gen(function*() {
    const deliveries = yield* DeliveriesRepo
    const windowMs = Duration.toMillis(yield* groupWindow)

    /** The head alone, or what waits of its group; `None` when all of that has to wait, which is noted in the table. */
    const batchOf = Effect.fn("Batches.batchOf")(function*(head: DeliveryRow, now: DateTime.Utc) {
      if (head.groupKey === null) return Option.some<Batch>({ _tag: "Batch", head, rows: [head] })
      const waiting = yield* deliveries.group(head, head.groupKey)
      const told = Option.map(
        yield* deliveries.told(head, head.groupKey),
        ({ severity, state, toldAt }) => ({ atMs: toldAt.epochMillis, state, severity })
      )
      const next = plan(waiting, Option.getOrUndefined(told), now.epochMillis, windowMs)
      if (next._tag === "Hold") {
        yield* deliveries.hold(head, head.groupKey, DateTime.unsafeMake(next.untilMs))
        return Option.none<Batch>()
      }
      const rows = waiting.slice(0, next.count)
      return Option.some<Batch>({ _tag: "Batch", head: rows[0] ?? head, rows })
    })

    const next = (destination: Destination, now: DateTime.Utc): Effect.Effect<Batch | Nothing> =>
      Effect.gen(function*() {
        const head = yield* deliveries.head(destination, now)
        if (Option.isNone(head)) return { _tag: "Nothing", until: yield* deliveries.heldUntil(destination) } as const
        const { nextAttemptAt } = head.value
        // Whatever came later waits too: order is kept.
        if (nextAttemptAt !== null && DateTime.greaterThan(nextAttemptAt, now)) {
          return { _tag: "Nothing", until: nextAttemptAt } as const
        }
        const batch = yield* batchOf(head.value, now)
        return Option.isSome(batch) ? batch.value : yield* next(destination, now)
      })

    return { next } as const
  })
}) {}
