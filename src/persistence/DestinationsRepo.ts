import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import { OrgId } from "../domain/Ids.ts"
import { skipLocked } from "./dialect.ts"

const Place = Schema.Struct({ orgId: OrgId, channel: Schema.String, channelId: Schema.String })

/** A place that deliveries go to, and when there is something to do for it. */
export class DestinationRow extends Schema.Class<DestinationRow>("DestinationRow")({
  ...Place.fields,
  /** Counts what was asked of its sender: whoever puts something in the queue raises it. */
  wakes: Schema.Int,
  /** When the sender has something to do; `null` while there is nothing, or while it is paused. */
  dueAt: Schema.NullOr(Schema.DateTimeUtc),
  /** Until when nothing may be sent, by the vendor's wish or its rate. */
  quietUntil: Schema.NullOr(Schema.DateTimeUtc),
  /**
   * Set while the integration cannot be used: when the config was stored that could not be used, or empty where there
   * is none. A config stored at another time ends the pause.
   */
  pausedConfig: Schema.NullOr(Schema.String)
}) {}

const iso = DateTime.formatIso
const isoOrNull = (time: DateTime.Utc | null): string | null => time === null ? null : iso(time)

/** Where deliveries go. Written by the transactions that queue deliveries and by each destination's one sender. */
export class DestinationsRepo extends Effect.Service<DestinationsRepo>()("persistence/DestinationsRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const at = ({ channel, channelId, orgId }: typeof Place.Encoded) =>
      sql`org_id = ${orgId} AND channel = ${channel} AND channel_id = ${channelId}`

    const find = SqlSchema.findOne({
      Request: Place,
      Result: DestinationRow,
      execute: (destination) => sql`SELECT * FROM destinations WHERE ${at(destination)}`
    })

    const takeNumber = SqlSchema.single({
      Request: Schema.Struct({ ...Place.fields, dueAt: Schema.DateTimeUtc }),
      Result: Schema.Struct({ lastNumber: Schema.Int }),
      execute: (row) =>
        sql`INSERT INTO destinations ${sql.insert({ ...row, lastNumber: 1, wakes: 1 })}
            ON CONFLICT (org_id, channel, channel_id) DO UPDATE SET
              last_number = destinations.last_number + 1,
              wakes = destinations.wakes + 1,
              due_at = CASE WHEN destinations.due_at < excluded.due_at THEN destinations.due_at ELSE excluded.due_at END
            RETURNING last_number`
    })

    /** The sender has done what there was, unless something was asked of it since: then the answer is `false`. */
    const rest = ({ wakes, ...row }: DestinationRow, until: DateTime.Utc | null) =>
      sql`UPDATE destinations SET due_at = ${isoOrNull(until)} WHERE ${at(row)} AND wakes = ${wakes} RETURNING wakes`
        .pipe(
          Effect.map((rows) => rows.length > 0)
        )

    const wake = (destination: Destination, now: DateTime.Utc) =>
      sql`UPDATE destinations SET wakes = wakes + 1, due_at = ${iso(now)} WHERE ${at(destination)}`

    const quiet = (destination: Destination, until: DateTime.Utc) =>
      sql`UPDATE destinations SET quiet_until = ${iso(until)} WHERE ${at(destination)}`

    const pause = (destination: Destination, config: string) =>
      sql`UPDATE destinations SET paused_config = ${config} WHERE ${at(destination)}`

    /** Due from now on: whoever ends the pause may end before the queue does. */
    const resume = (destination: Destination, now: DateTime.Utc) =>
      sql`UPDATE destinations SET paused_config = NULL, due_at = COALESCE(due_at, ${iso(now)})
          WHERE ${at(destination)}`

    const takeDue = SqlSchema.findAll({
      Request: Schema.Struct({ now: Schema.DateTimeUtc, again: Schema.DateTimeUtc, limit: Schema.Int }),
      Result: Place,
      execute: ({ again, limit, now }) =>
        sql`WITH taken AS MATERIALIZED (
              SELECT org_id, channel, channel_id FROM destinations WHERE due_at <= ${now}
              ORDER BY due_at LIMIT ${limit} ${skipLocked(sql)}
            )
            UPDATE destinations SET due_at = ${again}
            WHERE (org_id, channel, channel_id) IN (SELECT org_id, channel, channel_id FROM taken)
            RETURNING org_id, channel, channel_id`
    })

    const takeResumable = SqlSchema.findAll({
      Request: Schema.Struct({ again: Schema.DateTimeUtc, limit: Schema.Int }),
      Result: Place,
      execute: ({ again, limit }) =>
        sql`WITH taken AS MATERIALIZED (
              SELECT d.org_id, d.channel, d.channel_id FROM destinations d
              JOIN integrations i ON i.org_id = d.org_id AND i.integration = d.channel
              WHERE d.paused_config IS NOT NULL AND i.configured_at <> d.paused_config AND d.due_at IS NULL
              LIMIT ${limit} ${skipLocked(sql, "d")}
            )
            UPDATE destinations SET due_at = ${again}
            WHERE (org_id, channel, channel_id) IN (SELECT org_id, channel, channel_id FROM taken)
            RETURNING org_id, channel, channel_id`
    })

    return {
      find: (destination: typeof Place.Type) => Effect.orDie(find(destination)),
      /** The next delivery's number, in the transaction that stores it. Makes the destination due. */
      takeNumber: (destination: typeof Place.Type, now: DateTime.Utc) =>
        Effect.map(Effect.orDie(takeNumber({ ...destination, dueAt: now })), ({ lastNumber }) => lastNumber),
      rest: (row: DestinationRow, until: DateTime.Utc | null) => Effect.orDie(rest(row, until)),
      /** Something is to be done again at a destination that exists. */
      wake: (destination: Destination, now: DateTime.Utc) => Effect.orDie(wake(destination, now)),
      quiet: (destination: Destination, until: DateTime.Utc) => Effect.orDie(quiet(destination, until)),
      pause: (destination: Destination, config: string) => Effect.orDie(pause(destination, config)),
      resume: (destination: Destination, now: DateTime.Utc) => Effect.orDie(resume(destination, now)),
      /**
       * Those with something to do, the longest waiting first, of every org. They are due again at `again`, unless
       * their senders say otherwise by then: so it is others' turn meanwhile, and none is forgotten. Each is taken by
       * one of those who ask at the same time; what somebody is writing to is left for the next time.
       */
      takeDue: (now: DateTime.Utc, again: DateTime.Utc, limit: number) => Effect.orDie(takeDue({ now, again, limit })),
      /** The same for those whose integration has been configured anew since they were paused. */
      takeResumable: (again: DateTime.Utc, limit: number) => Effect.orDie(takeResumable({ again, limit }))
    } as const
  })
}) {}
