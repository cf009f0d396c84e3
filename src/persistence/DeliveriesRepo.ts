import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { AttemptOutcome, DeliveryStatus, type Destination } from "../domain/Delivery.ts"
import { EventState, Severity } from "../domain/Event.ts"
import { OrgId } from "../domain/Ids.ts"

const Place = Schema.Struct({ orgId: OrgId, channel: Schema.String, channelId: Schema.String })
const Time = Schema.NullOr(Schema.DateTimeUtc)

/** One event on its way to one destination. `number` is its place in that destination's queue. */
export class DeliveryRow extends Schema.Class<DeliveryRow>("DeliveryRow")({
  ...Place.fields,
  id: Schema.String,
  eventId: Schema.String,
  eventType: Schema.String,
  /** The route that it is credited to; `null` for an agent's endpoint. */
  routeNumber: Schema.NullOr(Schema.Int),
  number: Schema.Int,
  status: DeliveryStatus,
  /** How often it was tried. Whoever raises it has the attempt: two senders cannot have the same one. */
  attemptCount: Schema.Int,
  nextAttemptAt: Time,
  /** When it is given up, set by the first attempt. */
  retryUntil: Time,
  /** Until when it waits to be folded with others of its group. */
  heldUntil: Time,
  lastError: Schema.NullOr(Schema.String),
  groupKey: Schema.NullOr(Schema.String),
  state: EventState,
  severity: Severity,
  /** The delivery whose message stands for this one too. */
  foldedInto: Schema.NullOr(Schema.String),
  createdAt: Schema.DateTimeUtc,
  deliveredAt: Time
}) {}

/** One try at sending a delivery. */
export class AttemptRow extends Schema.Class<AttemptRow>("AttemptRow")({
  orgId: OrgId,
  deliveryId: Schema.String,
  number: Schema.Int,
  at: Schema.DateTimeUtc,
  outcome: AttemptOutcome,
  error: Schema.NullOr(Schema.String),
  latencyMs: Schema.Int
}) {}

const ToldRow = Schema.Struct({ toldAt: Schema.DateTimeUtc, state: EventState, severity: Severity })

const iso = DateTime.formatIso

/** How many deliveries one message may stand for. */
const largestFold = 1000

/** The queues of all destinations, as their senders use them. Times in the table compare as text. */
export class DeliveriesRepo extends Effect.Service<DeliveriesRepo>()("persistence/DeliveriesRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const at = ({ channel, channelId, orgId }: typeof Place.Encoded) =>
      sql`org_id = ${orgId} AND channel = ${channel} AND channel_id = ${channelId}`
    const waiting = sql`status IN ('pending', 'delivering')`

    const insert = SqlSchema.void({
      Request: DeliveryRow,
      execute: (row) => sql`INSERT INTO deliveries ${sql.insert(row)}`
    })

    const head = SqlSchema.findOne({
      Request: Schema.Struct({ ...Place.fields, now: Schema.DateTimeUtc }),
      Result: DeliveryRow,
      execute: ({ now, ...destination }) =>
        sql`SELECT * FROM deliveries
            WHERE ${at(destination)} AND ${waiting} AND (held_until IS NULL OR held_until <= ${now})
            ORDER BY number LIMIT 1`
    })

    const heldUntil = SqlSchema.single({
      Request: Place,
      Result: Schema.Struct({ until: Time }),
      execute: (destination) =>
        sql`SELECT MIN(held_until) AS until FROM deliveries WHERE ${at(destination)} AND ${waiting}`
    })

    const group = SqlSchema.findAll({
      Request: Schema.Struct({ ...Place.fields, groupKey: Schema.String }),
      Result: DeliveryRow,
      execute: ({ groupKey, ...destination }) =>
        sql`SELECT * FROM deliveries WHERE ${at(destination)} AND group_key = ${groupKey} AND ${waiting}
            ORDER BY number LIMIT ${largestFold}`
    })

    const told = SqlSchema.findOne({
      Request: Schema.Struct({ ...Place.fields, groupKey: Schema.String }),
      Result: ToldRow,
      execute: ({ groupKey, ...destination }) =>
        sql`SELECT told_at, state, severity FROM destination_groups
            WHERE ${at(destination)} AND group_key = ${groupKey}`
    })

    const hold = (destination: Destination, groupKey: string, until: DateTime.Utc) =>
      sql`UPDATE deliveries SET held_until = ${iso(until)}, next_attempt_at = ${iso(until)}
          WHERE ${at(destination)} AND group_key = ${groupKey} AND ${waiting}`

    const claim = (row: DeliveryRow, retryUntil: DateTime.Utc) =>
      sql`UPDATE deliveries
          SET status = 'delivering', attempt_count = attempt_count + 1, next_attempt_at = NULL, held_until = NULL,
            retry_until = COALESCE(retry_until, ${iso(retryUntil)})
          WHERE org_id = ${row.orgId} AND id = ${row.id} AND ${waiting} AND attempt_count = ${row.attemptCount}
          RETURNING id`.pipe(Effect.map((rows) => rows.length > 0))

    const note = SqlSchema.void({
      Request: AttemptRow,
      execute: (row) =>
        sql`INSERT INTO delivery_attempts ${sql.insert(row)} ON CONFLICT (org_id, delivery_id, number) DO NOTHING`
    })

    /** For the delivery and those that its message stands for: those of its group through `through`. */
    const end = (row: DeliveryRow, through: number, to: {
      readonly status: "delivered" | "failed"
      readonly deliveredAt: DateTime.Utc | null
      readonly lastError: string | null
    }) =>
      sql`UPDATE deliveries
          SET status = ${to.status}, delivered_at = ${to.deliveredAt === null ? null : iso(to.deliveredAt)},
            last_error = ${to.lastError}, next_attempt_at = NULL, held_until = NULL,
            folded_into = CASE WHEN id = ${row.id} THEN NULL ELSE ${row.id} END
          WHERE ${at(row)} AND number >= ${row.number} AND number <= ${through} AND ${waiting}
            AND ${row.groupKey === null ? sql`id = ${row.id}` : sql`group_key = ${row.groupKey}`}`

    const tell = (destination: Destination, groupKey: string, toldAt: DateTime.Utc, what: {
      readonly state: EventState
      readonly severity: Severity
    }) =>
      sql`INSERT INTO destination_groups
            ${sql.insert({ ...place(destination), groupKey, toldAt: iso(toldAt), ...what })}
          ON CONFLICT (org_id, channel, channel_id, group_key)
          DO UPDATE SET told_at = excluded.told_at, state = excluded.state, severity = excluded.severity`

    const settle = (row: DeliveryRow, to: {
      readonly status: "pending" | "dead"
      readonly lastError: string
      readonly nextAttemptAt: DateTime.Utc | null
      readonly retryUntil: DateTime.Utc | null
    }) =>
      sql`UPDATE deliveries SET status = ${to.status}, last_error = ${to.lastError},
            next_attempt_at = ${to.nextAttemptAt === null ? null : iso(to.nextAttemptAt)},
            retry_until = ${to.retryUntil === null ? null : iso(to.retryUntil)}
          WHERE org_id = ${row.orgId} AND id = ${row.id}`

    return {
      /** In the transaction that stores the event. */
      insert: (row: DeliveryRow) => Effect.orDie(insert(row)),
      /** The oldest that waits and is not held back for folding. */
      head: (destination: typeof Place.Type, now: DateTime.Utc) => Effect.orDie(head({ ...destination, now })),
      /** When the first of those that are held back may go; `null` where none is. */
      heldUntil: (destination: typeof Place.Type) => Effect.map(Effect.orDie(heldUntil(destination)), (r) => r.until),
      /** What waits of a group, the oldest first, as many as one message may stand for. */
      group: (destination: typeof Place.Type, groupKey: string) => Effect.orDie(group({ ...destination, groupKey })),
      /** What the destination was last told about a group. */
      told: (destination: typeof Place.Type, groupKey: string) => Effect.orDie(told({ ...destination, groupKey })),
      hold: (destination: Destination, groupKey: string, until: DateTime.Utc) =>
        Effect.orDie(hold(destination, groupKey, until)),
      /** Takes the next attempt at a delivery. `false` where another sender has taken it, or it has ended. */
      claim: (row: DeliveryRow, retryUntil: DateTime.Utc) => Effect.orDie(claim(row, retryUntil)),
      /** Keeps an attempt. */
      note: (row: AttemptRow) => Effect.orDie(note(row)),
      /** The message has arrived, for the delivery and those of its group through `through`. */
      delivered: (row: DeliveryRow, through: number, now: DateTime.Utc) =>
        Effect.orDie(end(row, through, { status: "delivered", deliveredAt: now, lastError: null })),
      /** The channel has refused the message for good, for the same ones. */
      refused: (row: DeliveryRow, through: number, lastError: string) =>
        Effect.orDie(end(row, through, { status: "failed", deliveredAt: null, lastError })),
      /** What the destination knows now of a group. */
      tell: (...args: Parameters<typeof tell>) => Effect.orDie(tell(...args)),
      /** The attempt has not brought it there. */
      settle: (...args: Parameters<typeof settle>) => Effect.orDie(settle(...args))
    } as const
  })
}) {}

const place = ({ channel, channelId, orgId }: Destination) => ({ orgId, channel, channelId })
