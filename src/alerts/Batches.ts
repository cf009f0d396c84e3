import { Array, Config, DateTime, Duration, Effect, Option } from "effect"
import { type Destination, plan } from "../domain/Delivery.ts"
import { DeliveriesRepo, type DeliveryRow, type Rows } from "../persistence/DeliveriesRepo.ts"

/** How long further events of a group wait for one next message. */
export const groupWindow = Config.duration("GROUP_WINDOW").pipe(Config.withDefault(Duration.seconds(60)))

/** Deliveries that one message stands for. */
export interface Batch {
  readonly _tag: "Batch"
  /** The head's attempts are those of the message; what the last one is about, the message tells. */
  readonly rows: Rows
}

/** The head of the queue has to wait until then, and with it all that came later: order is kept. */
export interface Waiting {
  readonly _tag: "Waiting"
  readonly until: DateTime.Utc
}

/** What was at the head is held back from now on: something else may be due. */
export interface Held {
  readonly _tag: "Held"
}

/** There is nothing to send, but for what is held back until then; `null` where nothing is. */
export interface Idle {
  readonly _tag: "Idle"
  readonly until: DateTime.Utc | null
}

/** Finds what a destination's next message is. */
export class Batches extends Effect.Service<Batches>()("alerts/Batches", {
  effect: Effect.gen(function*() {
    const deliveries = yield* DeliveriesRepo
    const windowMs = Duration.toMillis(yield* groupWindow)

    /**
     * What waits of a group, or only what nobody has looked at yet: what is held back differed in nothing from what the
     * destination was told, and still does not.
     */
    const candidates = (head: DeliveryRow, groupKey: string) =>
      head.heldUntil === null
        ? deliveries.free(head, groupKey)
        : deliveries.group(head, groupKey)

    /** The head alone, or what waits of its group; `None` when that has to wait, which is noted in the table. */
    const batchOf = Effect.fnUntraced(function*(head: DeliveryRow, now: DateTime.Utc) {
      const alone: Rows = [head]
      if (head.groupKey === null) return Option.some(alone)
      const found = yield* candidates(head, head.groupKey)
      const told = Option.map(
        yield* deliveries.told(head, head.groupKey),
        ({ severity, state, toldAt }) => ({ atMs: toldAt.epochMillis, state, severity })
      )
      const next = plan(found, Option.getOrUndefined(told), now.epochMillis, windowMs)
      if (next._tag === "Hold") {
        yield* deliveries.hold(Array.isNonEmptyReadonlyArray(found) ? found : alone, DateTime.unsafeMake(next.untilMs))
        return Option.none<Rows>()
      }
      const last = found[next.count - 1] ?? head
      // What is held back goes along.
      const rows = yield* deliveries.group(head, head.groupKey, last.number)
      return Option.some(Array.isNonEmptyReadonlyArray(rows) ? rows : alone)
    })

    const next = Effect.fnUntraced(function*(destination: Destination, now: DateTime.Utc) {
      const head = yield* deliveries.head(destination, now)
      if (Option.isNone(head)) {
        return { _tag: "Idle", until: yield* deliveries.heldUntil(destination) } satisfies Idle
      }
      const { nextAttemptAt } = head.value
      if (nextAttemptAt !== null && DateTime.greaterThan(nextAttemptAt, now)) {
        return { _tag: "Waiting", until: nextAttemptAt } satisfies Waiting
      }
      const rows = yield* batchOf(head.value, now)
      return Option.isSome(rows)
        ? { _tag: "Batch", rows: rows.value } satisfies Batch
        : { _tag: "Held" } satisfies Held
    })

    return { next } as const
  })
}) {}
