import { SqlClient, SqlSchema } from "@effect/sql"
import { type DateTime, Effect, Option, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { forUpdate } from "./dialect.ts"
import { transaction } from "./transaction.ts"

const Flag = Schema.transform(Schema.Union(Schema.Number, Schema.Boolean), Schema.Boolean, {
  strict: true,
  decode: (stored) => Boolean(stored),
  encode: (flag) => (flag ? 1 : 0)
})

/** A route of an org. `number` is what its public id counts. */
export class ChannelRouteRow extends Schema.Class<ChannelRouteRow>("ChannelRouteRow")({
  orgId: OrgId,
  number: Schema.Int,
  eventType: Schema.String,
  channel: Schema.String,
  channelId: Schema.String,
  projectId: Schema.NullOr(Schema.String),
  enabled: Flag,
  createdAt: Schema.DateTimeUtc
}) {}

/** What decides where events go. The rest of a row is not even read where all routes of an org are: they may be many. */
const ListedRoute = Schema.Struct(ChannelRouteRow.fields).pick(
  "number",
  "eventType",
  "channel",
  "channelId",
  "projectId",
  "enabled"
)
export type ListedRoute = typeof ListedRoute.Type

/** What may be changed of a route; what is left out stays. */
export interface RouteChange {
  readonly eventType?: string | undefined
  readonly channelId?: string | undefined
  readonly projectId?: string | null | undefined
  readonly enabled?: boolean | undefined
}

export class ChannelRoutesRepo extends Effect.Service<ChannelRoutesRepo>()("persistence/ChannelRoutesRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const list = SqlSchema.findAll({
      Request: OrgId,
      Result: ListedRoute,
      execute: (orgId) =>
        sql`SELECT number, event_type, channel, channel_id, project_id, enabled
            FROM channel_routes WHERE org_id = ${orgId} ORDER BY number`
    })

    const findToChange = SqlSchema.findOne({
      Request: Schema.Struct({ orgId: OrgId, number: Schema.Int }),
      Result: ChannelRouteRow,
      execute: ({ number, orgId }) =>
        sql`SELECT * FROM channel_routes WHERE org_id = ${orgId} AND number = ${number} ${forUpdate(sql)}`
    })

    const nextNumber = SqlSchema.single({
      Request: OrgId,
      Result: Schema.Struct({ lastNumber: Schema.Int }),
      execute: (orgId) =>
        sql`INSERT INTO channel_route_counters (org_id, last_number) VALUES (${orgId}, 1)
            ON CONFLICT (org_id) DO UPDATE SET last_number = channel_route_counters.last_number + 1
            RETURNING last_number`
    })

    const insert = SqlSchema.void({
      Request: ChannelRouteRow,
      execute: (row) => sql`INSERT INTO channel_routes ${sql.insert(row)}`
    })

    const update = SqlSchema.void({
      Request: ChannelRouteRow,
      execute: ({ channelId, enabled, eventType, number, orgId, projectId }) =>
        sql`UPDATE channel_routes
            SET event_type = ${eventType}, channel_id = ${channelId}, project_id = ${projectId}, enabled = ${enabled}
            WHERE org_id = ${orgId} AND number = ${number}`
    })

    /** Counter and route in one transaction: a failure leaves no gap and no double. */
    const add = (
      orgId: OrgId,
      route: Omit<ChannelRouteRow, "orgId" | "number" | "createdAt">,
      createdAt: DateTime.Utc
    ) =>
      Effect.gen(function*() {
        const { lastNumber } = yield* nextNumber(orgId)
        const row = new ChannelRouteRow({ ...route, orgId, number: lastNumber, createdAt })
        yield* insert(row)
        return row
      }).pipe(transaction(sql))

    const change = (orgId: OrgId, number: number, to: RouteChange) =>
      Effect.gen(function*() {
        const found = yield* findToChange({ orgId, number })
        if (Option.isNone(found)) return found
        const changed = new ChannelRouteRow({
          ...found.value,
          eventType: to.eventType ?? found.value.eventType,
          channelId: to.channelId ?? found.value.channelId,
          projectId: to.projectId === undefined ? found.value.projectId : to.projectId,
          enabled: to.enabled ?? found.value.enabled
        })
        yield* update(changed)
        return Option.some(changed)
      }).pipe(transaction(sql))

    const remove = (orgId: OrgId, number: number) =>
      sql`DELETE FROM channel_routes WHERE org_id = ${orgId} AND number = ${number} RETURNING number`.pipe(
        Effect.map((rows) => rows.length > 0)
      )

    const move = (orgId: OrgId, channel: string, from: string, to: string) =>
      sql`UPDATE channel_routes SET channel_id = ${to}
          WHERE org_id = ${orgId} AND channel = ${channel} AND channel_id = ${from}`

    return {
      list: (orgId: OrgId) => Effect.orDie(list(orgId)),
      add: (...args: Parameters<typeof add>) => Effect.orDie(add(...args)),
      change: (...args: Parameters<typeof change>) => Effect.orDie(change(...args)),
      remove: (...args: Parameters<typeof remove>) => Effect.orDie(remove(...args)),
      /** The channel has given a destination another id. */
      move: (orgId: OrgId, channel: string, from: string, to: string) => Effect.orDie(move(orgId, channel, from, to))
    } as const
  })
}) {}
