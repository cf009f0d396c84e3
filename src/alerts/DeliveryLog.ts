import { Array, DateTime, Effect, Option } from "effect"
import { DeliveryNotFound } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { type DeliveryFilter, DeliveryLogRepo } from "../persistence/DeliveryLogRepo.ts"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { EventsRepo } from "../persistence/EventsRepo.ts"
import { afterCommit } from "../persistence/transaction.ts"
import { Dispatch } from "./Dispatch.ts"
import { byPlace } from "./Queue.ts"

/** How many deliveries one transaction puts into their queues again: others write in between. */
const batchSize = 500

/** SQLite answers without a turn of the event loop: requests that wait for one would wait for all batches. */
const othersFirst = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** What became of an org's deliveries, and another try at them. */
export class DeliveryLog extends Effect.Service<DeliveryLog>()("alerts/DeliveryLog", {
  effect: Effect.gen(function*() {
    const log = yield* DeliveryLogRepo
    const destinations = yield* DestinationsRepo
    const events = yield* EventsRepo
    const dispatch = yield* Dispatch

    /** Newest first. `next` is the cursor of the page after this one. */
    const list = Effect.fnUntraced(
      function*(orgId: OrgId, filter: DeliveryFilter, { after, limit }: {
        readonly after?: string | undefined
        readonly limit: number
      }) {
        const rows = yield* log.page({ orgId, filter, after, limit: limit + 1 })
        const page = rows.slice(0, limit)
        return { rows: page, next: rows.length > limit ? page.at(-1)?.id ?? null : null }
      }
    )

    const find = (orgId: OrgId, id: string) =>
      Effect.mapError(Effect.flatten(log.find(orgId, id)), () => new DeliveryNotFound())

    /** With its attempts, oldest first. */
    const show = Effect.fnUntraced(function*(orgId: OrgId, id: string) {
      const row = yield* find(orgId, id)
      return { row, attempts: yield* log.attempts(orgId, id) }
    })

    const retry = Effect.fnUntraced(function*(orgId: OrgId, id: string) {
      const again = yield* events.transaction(Effect.gen(function*() {
        const row = yield* log.retry(orgId, id)
        if (Option.isSome(row)) yield* destinations.wake(row.value, yield* DateTime.now)
        return row
      }))
      if (Option.isNone(again)) return yield* find(orgId, id)
      yield* afterCommit(dispatch.wake([again.value]))
      return again.value
    }, Effect.uninterruptible)

    /** Puts the oldest that fit back, of those after `after`. */
    const retryBatch = Effect.fnUntraced(
      function*(orgId: OrgId, filter: DeliveryFilter, after: string, through: string) {
        const batch = yield* events.transaction(Effect.gen(function*() {
          const found = yield* log.oldest({ orgId, filter, after, through, limit: batchSize })
          const ids = found.map(({ id }) => id)
          const places = yield* log.retryMany({ orgId, ids, statuses: filter.statuses })
          const woken = Array.dedupeAdjacentWith(places.toSorted(byPlace), (a, b) => byPlace(a, b) === 0)
          const now = yield* DateTime.now
          yield* Effect.forEach(woken, (destination) => destinations.wake(destination, now), { discard: true })
          const more = found.length === batchSize ? Option.fromNullable(ids.at(-1)) : Option.none()
          return { retried: places.length, woken, after: more }
        }))
        yield* dispatch.wake(batch.woken)
        return batch
      },
      Effect.uninterruptible
    )

    /** How many of those that have one of the statuses now were put into their queues again. */
    const retryAll = Effect.fnUntraced(function*(orgId: OrgId, filter: DeliveryFilter) {
      const newest = yield* log.newest(orgId)
      if (Option.isNone(newest)) return 0
      const { retried } = yield* Effect.iterate({ retried: 0, after: Option.some("") }, {
        while: ({ after }) => Option.isSome(after),
        body: ({ after, retried }) =>
          Effect.gen(function*() {
            const batch = yield* retryBatch(orgId, filter, Option.getOrElse(after, () => ""), newest.value)
            yield* othersFirst
            return { retried: retried + batch.retried, after: batch.after }
          })
      })
      return retried
    })

    return { list, show, retry, retryAll } as const
  })
}) {}
