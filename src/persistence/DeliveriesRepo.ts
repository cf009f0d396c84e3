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

/** Deliveries of one destination that one message stands for, the oldest first. */
export type Rows = readonly [DeliveryRow, ...ReadonlyArray<DeliveryRow>]

export interface Claim {
  /** When it is given up, where it has not been tried before. */
  readonly retryUntil: DateTime.Utc
  /** When it is tried again if nobody notes what became of the attempt. */
  readonly again: DateTime.Utc
}

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

    /** Two queries, each of which has an index: those that are held back may be many. */
    const head = SqlSchema.findOne({
      Request: Schema.Struct({ ...Place.fields, now: Schema.DateTimeUtc }),
      Result: DeliveryRow,
      execute: ({ now, ...destination }) =>
        sql`SELECT * FROM (
              SELECT * FROM (
                SELECT * FROM deliveries WHERE ${at(destination)} AND ${waiting} AND held_until IS NULL
                ORDER BY number LIMIT 1
              ) AS free
              UNION ALL
              SELECT * FROM (
                SELECT * FROM deliveries WHERE ${at(destination)} AND ${waiting} AND held_until <= ${now}
                ORDER BY held_until, number LIMIT 1
              ) AS held
            ) AS first ORDER BY number LIMIT 1`
    })

    const heldUntil = SqlSchema.single({
      Request: Place,
      Result: Schema.Struct({ until: Time }),
      execute: (destination) =>
        sql`SELECT MIN(held_until) AS until FROM deliveries
            WHERE ${at(destination)} AND ${waiting} AND held_until IS NOT NULL`
    })

    const group = SqlSchema.findAll({
      Request: Schema.Struct({ ...Place.fields, groupKey: Schema.String, through: Schema.NullOr(Schema.Int) }),
      Result: DeliveryRow,
      execute: ({ groupKey, through, ...destination }) =>
        sql`SELECT * FROM deliveries WHERE ${at(destination)} AND group_key = ${groupKey} AND ${waiting}
              ${through === null ? sql.literal("") : sql`AND number <= ${through}`}
            ORDER BY number LIMIT ${largestFold}`
    })

    const free = SqlSchema.findAll({
      Request: Schema.Struct({ ...Place.fields, groupKey: Schema.String }),
      Result: DeliveryRow,
      execute: ({ groupKey, ...destination }) =>
        sql`SELECT * FROM deliveries
            WHERE ${at(destination)} AND group_key = ${groupKey} AND ${waiting} AND held_until IS NULL
            ORDER BY number LIMIT ${largestFold}`
    })

    const told = SqlSchema.findOne({
      Request: Schema.Struct({ ...Place.fields, groupKey: Schema.String }),
      Result: ToldRow,
      execute: ({ groupKey, ...destination }) =>
        sql`SELECT told_at, state, severity FROM destination_groups
            WHERE ${at(destination)} AND group_key = ${groupKey}`
    })

    /** These very rows, of one destination: others of their group may have come, or come back, meanwhile. */
    const these = (rows: Rows) => sql`org_id = ${rows[0].orgId} AND ${sql.in("id", rows.map(({ id }) => id))}`

    const hold = (rows: Rows, until: DateTime.Utc) =>
      sql`UPDATE deliveries SET held_until = ${iso(until)}, next_attempt_at = ${iso(until)}
          WHERE ${these(rows)} AND ${waiting}`

    const claim = (row: DeliveryRow, { again, retryUntil }: Claim) =>
      sql`UPDATE deliveries
          SET status = 'delivering', attempt_count = attempt_count + 1, held_until = NULL,
            next_attempt_at = ${iso(again)}, retry_until = COALESCE(retry_until, ${iso(retryUntil)})
          WHERE org_id = ${row.orgId} AND id = ${row.id} AND ${waiting} AND attempt_count = ${row.attemptCount}
          RETURNING id`.pipe(Effect.map((rows) => rows.length > 0))

    const note = SqlSchema.void({
      Request: AttemptRow,
      execute: (row) =>
        sql`INSERT INTO delivery_attempts ${sql.insert(row)} ON CONFLICT (org_id, delivery_id, number) DO NOTHING`
    })

    /** For all that a message stands for. */
    const end = (rows: Rows, to: {
      readonly status: "delivered" | "failed" | "dead"
      readonly deliveredAt: DateTime.Utc | null
      readonly lastError: string | null
    }) =>
      sql`UPDATE deliveries
          SET status = ${to.status}, delivered_at = ${to.deliveredAt === null ? null : iso(to.deliveredAt)},
            last_error = ${to.lastError}, next_attempt_at = NULL, held_until = NULL,
            folded_into = CASE WHEN id = ${rows[0].id} THEN NULL ELSE ${rows[0].id} END
          WHERE ${these(rows)} AND ${waiting}`

    const tell = (destination: Destination, groupKey: string, toldAt: DateTime.Utc, what: {
      readonly state: EventState
      readonly severity: Severity
    }) =>
      sql`INSERT INTO destination_groups
            ${sql.insert({ ...place(destination), groupKey, toldAt: iso(toldAt), ...what })}
          ON CONFLICT (org_id, channel, channel_id, group_key)
          DO UPDATE SET told_at = excluded.told_at, state = excluded.state, severity = excluded.severity`

    const settle = (row: DeliveryRow, to: {
      readonly lastError: string
      readonly nextAttemptAt: DateTime.Utc | null
      readonly retryUntil: DateTime.Utc | null
    }) =>
      sql`UPDATE deliveries SET status = 'pending', last_error = ${to.lastError},
            next_attempt_at = ${to.nextAttemptAt === null ? null : iso(to.nextAttemptAt)},
            retry_until = ${to.retryUntil === null ? null : iso(to.retryUntil)}
          WHERE org_id = ${row.orgId} AND id = ${row.id} AND ${waiting} AND attempt_count <= ${row.attemptCount + 1}`

    return {
      /** In the transaction that stores the event. */
      insert: (row: DeliveryRow) => Effect.orDie(insert(row)),
      /** The oldest that waits and is not held back for folding. */
      head: (destination: typeof Place.Type, now: DateTime.Utc) => Effect.orDie(head({ ...destination, now })),
      /** When the first of those that are held back may go; `null` where none is. */
      heldUntil: (destination: typeof Place.Type) => Effect.map(Effect.orDie(heldUntil(destination)), (r) => r.until),
      /** What waits of a group, or of it through a number, the oldest first, as many as one message may stand for. */
      group: (destination: typeof Place.Type, groupKey: string, through: number | null = null) =>
        Effect.orDie(group({ ...destination, groupKey, through })),
      /** The same, but only what is not held back. */
      free: (destination: typeof Place.Type, groupKey: string) => Effect.orDie(free({ ...destination, groupKey })),
      /** What the destination was last told about a group. */
      told: (destination: typeof Place.Type, groupKey: string) => Effect.orDie(told({ ...destination, groupKey })),
      hold: (...args: Parameters<typeof hold>) => Effect.orDie(hold(...args)),
      /** Takes the next attempt at a delivery. `false` where another sender has taken it, or it has ended. */
      claim: (...args: Parameters<typeof claim>) => Effect.orDie(claim(...args)),
      /** Keeps an attempt. */
      note: (row: AttemptRow) => Effect.orDie(note(row)),
      /** The message has arrived. */
      delivered: (rows: Rows, now: DateTime.Utc) =>
        Effect.orDie(end(rows, { status: "delivered", deliveredAt: now, lastError: null })),
      /** The channel has refused the message for good. */
      refused: (rows: Rows, lastError: string) =>
        Effect.orDie(end(rows, { status: "failed", deliveredAt: null, lastError })),
      /** It was tried for too long. */
      givenUp: (rows: Rows, lastError: string) =>
        Effect.orDie(end(rows, { status: "dead", deliveredAt: null, lastError })),
      /** What the destination knows now of a group. */
      tell: (...args: Parameters<typeof tell>) => Effect.orDie(tell(...args)),
      /** The attempt has not brought it there: it waits again, unless another sender has tried it since. */
      settle: (...args: Parameters<typeof settle>) => Effect.orDie(settle(...args))
    } as const
  })
}) {}

const place = ({ channel, channelId, orgId }: Destination) => ({ orgId, channel, channelId })
