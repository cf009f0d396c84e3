import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import { DeliveryStatus } from "../domain/Delivery.ts"
import { OrgId } from "../domain/Ids.ts"
import { AttemptRow, DeliveryRow } from "./DeliveriesRepo.ts"

/** What is left out fits everything. */
export const DeliveryFilter = Schema.Struct({
  /** Any status when empty. */
  statuses: Schema.Array(DeliveryStatus),
  /** `null` fits nothing. */
  routeNumber: Schema.optional(Schema.NullOr(Schema.Int)),
  eventId: Schema.optional(Schema.String),
  channel: Schema.optional(Schema.String)
})
export type DeliveryFilter = typeof DeliveryFilter.Type

const One = Schema.Struct({ orgId: OrgId, id: Schema.String })
const Id = Schema.Struct({ id: Schema.String })
const Place = Schema.Struct({ orgId: OrgId, channel: Schema.String, channelId: Schema.String })

/** An org's deliveries, for whoever wants to know what became of them. Ids are in the order of time. */
export class DeliveryLogRepo extends Effect.Service<DeliveryLogRepo>()("persistence/DeliveryLogRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /**
     * An index has each status in order, but not several, so each is a query of its own. Of a route's deliveries most
     * have arrived: the plus keeps the route's index, which would have them all read, away from the others.
     */
    const clauses = (
      orgId: string,
      { channel, eventId, routeNumber }: DeliveryFilter,
      status: DeliveryStatus | undefined
    ) => [
      sql`org_id = ${orgId}`,
      ...(status === undefined ? [] : [sql`status = ${status}`]),
      ...(routeNumber === undefined
        ? []
        : status === undefined || status === "delivered"
        ? [sql`route_number = ${routeNumber}`]
        : [sql`+route_number = ${routeNumber}`]),
      ...(eventId === undefined ? [] : [sql`event_id = ${eventId}`]),
      ...(channel === undefined ? [] : [sql`channel = ${channel}`])
    ]

    const unite = sql.join(" UNION ALL ", false)

    const page = SqlSchema.findAll({
      Request: Schema.Struct({
        orgId: OrgId,
        filter: DeliveryFilter,
        after: Schema.optional(Schema.String),
        limit: Schema.Int
      }),
      Result: DeliveryRow,
      execute: ({ after, filter, limit, orgId }) => {
        const latest = (status: DeliveryStatus | undefined) => {
          const older = after === undefined ? [] : [sql`id < ${after}`]
          return sql`SELECT * FROM (
                SELECT * FROM deliveries WHERE ${sql.and([...clauses(orgId, filter, status), ...older])}
                ORDER BY id DESC LIMIT ${limit}
              ) AS latest`
        }
        const runs = filter.statuses.length === 0 ? [latest(undefined)] : filter.statuses.map(latest)
        return sql`SELECT * FROM (${unite(runs)}) AS found ORDER BY id DESC LIMIT ${limit}`
      }
    })

    const find = SqlSchema.findOne({
      Request: One,
      Result: DeliveryRow,
      execute: ({ id, orgId }) => sql`SELECT * FROM deliveries WHERE org_id = ${orgId} AND id = ${id}`
    })

    const attempts = SqlSchema.findAll({
      Request: One,
      Result: AttemptRow,
      execute: ({ id, orgId }) =>
        sql`SELECT * FROM delivery_attempts WHERE org_id = ${orgId} AND delivery_id = ${id} ORDER BY number`
    })

    const afresh = sql`status = 'pending', next_attempt_at = NULL, retry_until = NULL, held_until = NULL,
      folded_into = NULL, delivered_at = NULL`

    const retry = SqlSchema.findOne({
      Request: One,
      Result: DeliveryRow,
      execute: ({ id, orgId }) =>
        sql`UPDATE deliveries SET ${afresh}
            WHERE org_id = ${orgId} AND id = ${id} AND status <> 'delivering' RETURNING *`
    })

    const newest = SqlSchema.single({
      Request: OrgId,
      Result: Schema.Struct({ id: Schema.NullOr(Schema.String) }),
      execute: (orgId) => sql`SELECT MAX(id) AS id FROM deliveries WHERE org_id = ${orgId}`
    })

    const oldest = SqlSchema.findAll({
      Request: Schema.Struct({
        orgId: OrgId,
        filter: DeliveryFilter,
        after: Schema.String,
        through: Schema.String,
        limit: Schema.Int
      }),
      Result: Id,
      execute: ({ after, filter, limit, orgId, through }) => {
        const runs = filter.statuses.map((status) => {
          const between = [sql`id > ${after}`, sql`id <= ${through}`]
          return sql`SELECT * FROM (
                SELECT id FROM deliveries WHERE ${sql.and([...clauses(orgId, filter, status), ...between])}
                ORDER BY id LIMIT ${limit}
              ) AS oldest`
        })
        return sql`SELECT id FROM (${unite(runs)}) AS found ORDER BY id LIMIT ${limit}`
      }
    })

    const retryMany = SqlSchema.findAll({
      Request: Schema.Struct({
        orgId: OrgId,
        ids: Schema.Array(Schema.String),
        statuses: Schema.Array(DeliveryStatus)
      }),
      Result: Place,
      execute: ({ ids, orgId, statuses }) =>
        sql`UPDATE deliveries SET ${afresh}
            WHERE org_id = ${orgId} AND ${sql.in("id", ids)} AND ${sql.in("status", statuses)}
            RETURNING org_id, channel, channel_id`
    })

    return {
      /** The newest that fit, older than the delivery `after`. */
      page: (...args: Parameters<typeof page>) => Effect.orDie(page(...args)),
      find: (orgId: OrgId, id: string) => Effect.orDie(find({ orgId, id })),
      /** Oldest first. */
      attempts: (orgId: OrgId, id: string) => Effect.orDie(attempts({ orgId, id })),
      /** Makes it wait for its first attempt again. `None` where there is none, or it is being sent. */
      retry: (orgId: OrgId, id: string) => Effect.orDie(retry({ orgId, id })),
      newest: (orgId: OrgId) => Effect.map(Effect.orDie(newest(orgId)), ({ id }) => Option.fromNullable(id)),
      /** The oldest that fit and have one of the statuses, newer than `after` and not than `through`. */
      oldest: (...args: Parameters<typeof oldest>) => Effect.orDie(oldest(...args)),
      /** As `retry`, for those that still have one of the statuses. Answers where each of them goes. */
      retryMany: (...args: Parameters<typeof retryMany>) => Effect.orDie(retryMany(...args))
    } as const
  })
}) {}
