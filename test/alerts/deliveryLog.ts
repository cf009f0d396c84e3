import { SqlClient } from "@effect/sql"
import { Context, DateTime, Effect, FastCheck, Layer, Option, Ref } from "effect"
import { DeliveryLog } from "../../src/alerts/DeliveryLog.ts"
import { Dispatch } from "../../src/alerts/Dispatch.ts"
import { Queue } from "../../src/alerts/Queue.ts"
import { agentChannel, type DeliveryStatus, type Destination } from "../../src/domain/Delivery.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { DeliveryRow } from "../../src/persistence/DeliveriesRepo.ts"
import { type DeliveryFilter, DeliveryLogRepo } from "../../src/persistence/DeliveryLogRepo.ts"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { EventRow } from "../../src/persistence/EventsRepo.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"

/** Senders that only note who was woken. */
export class Woken extends Context.Tag("test/Woken")<Woken, Effect.Effect<ReadonlyArray<Destination>>>() {
  static readonly layer = Layer.effectContext(
    Effect.gen(function*() {
      const all = yield* Ref.make<ReadonlyArray<Destination>>([])
      const wake = (destinations: ReadonlyArray<Destination>) => {
        const places = destinations.map(({ channel, channelId, orgId }) => ({ orgId, channel, channelId }))
        return Ref.update(all, (before) => [...before, ...places])
      }
      return Context.make(Woken, Ref.get(all)).pipe(Context.add(Dispatch, { wake }))
    })
  )
}

export const woken = Effect.flatten(Woken)

export const Live = Layer.merge(DeliveryLog.Default, Queue.Default).pipe(
  Layer.provideMerge(Woken.layer),
  Layer.provideMerge(DeliveryLogRepo.Default),
  Layer.provideMerge(Memory)
)

export const at = (ms: number) => DateTime.unsafeMake(ms)

export const place = (channelId: string, orgId = acme, channel = "slack"): Destination => ({
  orgId,
  channel,
  channelId
})

const event = (orgId: OrgId, id: string) =>
  new EventRow({
    orgId,
    id,
    source: "api",
    type: "deploy.finished",
    dedupKey: id,
    projectId: null,
    agentId: null,
    title: "Deploy finished",
    text: null,
    url: null,
    severity: "warning",
    state: "open",
    groupKey: "api:1",
    body: "{}",
    dataPath: "",
    occurredAt: at(0),
    receivedAt: at(0)
  })

export interface Put {
  readonly status: DeliveryStatus
  readonly orgId: OrgId
  readonly channel: string
  readonly channelId: string
  readonly routeNumber: number
  readonly eventId: string
}

/** Queues one delivery and puts it into a state, with every column set that a retry has to clear. */
export const put = (changes: Partial<Put> = {}) =>
  Effect.gen(function*() {
    const { channel = "slack", channelId = "C1", eventId = "evt-1", orgId = acme, status = "failed" } = changes
    const routeNumber = channel === agentChannel ? null : changes.routeNumber ?? 1
    const queued = yield* (yield* Queue).add(event(orgId, eventId), [{ routeNumber, channel, channelId }], at(0))
    const { id } = yield* Effect.orDie(Effect.fromNullable(queued[0]))
    const sql = yield* SqlClient.SqlClient
    const time = DateTime.formatIso(at(5000))
    yield* sql`UPDATE deliveries SET status = ${status}, attempt_count = 3, last_error = 'Slack answered 503',
      next_attempt_at = ${time}, retry_until = ${time}, held_until = ${time}, folded_into = 'dlv-other',
      delivered_at = ${time} WHERE id = ${id}`
    return id
  })

/** As many failed deliveries to one destination. */
export const putMany = (count: number, channelId = "C1") =>
  Effect.gen(function*() {
    const id = yield* put({ channelId })
    const sql = yield* SqlClient.SqlClient
    // As long as each other, so that they sort as numbers do.
    const suffix = sql`'-' || substr('00000' || CAST(i AS TEXT), length(CAST(i AS TEXT)) + 1)`
    yield* sql`
      WITH RECURSIVE clones (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM clones WHERE i < CAST(${count} AS INTEGER))
      INSERT INTO deliveries (org_id, id, event_id, event_type, route_number, channel, channel_id, number, status,
        attempt_count, state, severity, created_at)
      SELECT org_id, id || ${suffix}, event_id, event_type, route_number, channel, channel_id, -i, status,
        attempt_count, state, severity, created_at
      FROM deliveries, clones WHERE id = ${id}`
  })

/** What a retry makes of a delivery. */
export const retried = (row: DeliveryRow): DeliveryRow =>
  new DeliveryRow({
    ...row,
    status: "pending",
    nextAttemptAt: null,
    retryUntil: null,
    heldUntil: null,
    foldedInto: null,
    deliveredAt: null
  })

export const rows = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM deliveries ORDER BY org_id, id`)

/** The destination as it was before its sender has come to rest. */
export const putToRest = (destination: Destination) =>
  Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const row = Option.getOrThrow(yield* destinations.find(destination))
    yield* destinations.rest(row, null)
    return row
  })

export const statuses = ["pending", "delivering", "delivered", "failed", "dead"] as const

/** Few values, so that filters often fit. */
export const anyDelivery: FastCheck.Arbitrary<Put> = FastCheck.record({
  status: FastCheck.constantFrom(...statuses),
  channelId: FastCheck.constantFrom("C1", "C2"),
  channel: FastCheck.constantFrom("slack", "discord", agentChannel),
  routeNumber: FastCheck.constantFrom(1, 2),
  eventId: FastCheck.constantFrom("evt-1", "evt-2"),
  orgId: FastCheck.constantFrom(acme, globex)
})

const maybe = <A>(value: FastCheck.Arbitrary<A>) => FastCheck.option(value, { nil: undefined })

export const anyFilter = (among: ReadonlyArray<DeliveryStatus>, least: number): FastCheck.Arbitrary<DeliveryFilter> =>
  FastCheck.record({
    statuses: FastCheck.uniqueArray(FastCheck.constantFrom(...among), { minLength: least }),
    routeNumber: maybe(FastCheck.constantFrom(1, 2, 3, null)),
    eventId: maybe(FastCheck.constantFrom("evt-1", "evt-2", "evt-3")),
    channel: maybe(FastCheck.constantFrom("slack", agentChannel, "telegram"))
  })

/** Whether a delivery of acme fits, said another way than in SQL. */
export const fits = (of: DeliveryFilter) => (one: Put): boolean =>
  one.orgId === acme &&
  (of.statuses.length === 0 || of.statuses.includes(one.status)) &&
  (of.routeNumber === undefined || (one.channel !== agentChannel && one.routeNumber === of.routeNumber)) &&
  (of.eventId === undefined || one.eventId === of.eventId) &&
  (of.channel === undefined || one.channel === of.channel)

/** Stores them all, and gives each with its id. */
export const putAll = (all: ReadonlyArray<Put>) =>
  Effect.forEach(all, (one) => Effect.map(put(one), (id) => ({ id, one })))
