import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { DeliveryLog } from "../alerts/DeliveryLog.ts"
import { Api } from "../api/Api.ts"
import type { Delivery } from "../api/Deliveries.ts"
import { CurrentOrg } from "../api/Org.ts"
import { routeId, routeNumber } from "../domain/ChannelRoute.ts"
import { DeliveryNotFound } from "../domain/Errors.ts"
import type { DeliveryRow } from "../persistence/DeliveriesRepo.ts"
import type { DeliveryFilter } from "../persistence/DeliveryLogRepo.ts"
import { idempotently } from "../services/idempotently.ts"

/** A delivery as lists show it. */
export const shownDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  eventId: row.eventId,
  eventType: row.eventType,
  routeId: row.routeNumber === null ? null : routeId(row.routeNumber),
  channel: row.channel,
  channelId: row.channelId,
  status: row.status,
  attemptCount: row.attemptCount,
  nextAttemptAt: row.nextAttemptAt,
  lastError: row.lastError,
  createdAt: row.createdAt,
  deliveredAt: row.deliveredAt
})

/** The database is not asked for what cannot be an id: PostgreSQL takes no U+0000. */
const idOf = (id: string) => /^dlv-[0-9a-f-]{36}$/.test(id) ? Effect.succeed(id) : Effect.fail(new DeliveryNotFound())

const filterOf = (statuses: DeliveryFilter["statuses"], of: {
  readonly routeId?: string | undefined
  readonly eventId?: string | undefined
  readonly channel?: string | undefined
}): DeliveryFilter => ({
  statuses,
  routeNumber: of.routeId === undefined ? undefined : routeNumber(of.routeId),
  eventId: of.eventId,
  channel: of.channel
})

/** What a retry of many takes where it is not told. */
const unsuccessful = ["failed", "dead"] as const

export const DeliveriesHttp = HttpApiBuilder.group(Api, "deliveries", (handlers) =>
  Effect.gen(function*() {
    const log = yield* DeliveryLog
    return yield* idempotently(
      handlers
        .handle("list", ({ urlParams }) =>
          Effect.gen(function*() {
            const { rows, next } = yield* log.list(
              yield* CurrentOrg,
              filterOf(urlParams.status ?? [], urlParams),
              urlParams
            )
            return { deliveries: rows.map(shownDelivery), next }
          }))
        .handle("show", ({ path: { id } }) =>
          Effect.gen(function*() {
            const { attempts, row } = yield* log.show(yield* CurrentOrg, yield* idOf(id))
            return {
              ...shownDelivery(row),
              attempts: attempts.map(({ at, error, latencyMs, outcome }) => ({ at, outcome, error, latencyMs }))
            }
          }))
        .handle("retry", ({ path: { id } }) =>
          Effect.gen(function*() {
            return shownDelivery(yield* log.retry(yield* CurrentOrg, yield* idOf(id)))
          }))
        .handle("retryAll", ({ payload: { status = unsuccessful, ...of } }) =>
          Effect.gen(function*() {
            const statuses = [...new Set(typeof status === "string" ? [status] : status)]
            return { retried: yield* log.retryAll(yield* CurrentOrg, filterOf(statuses, of)) }
          }))
    )
  }))
