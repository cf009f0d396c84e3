import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Schema } from "effect"
import { EventState, Severity } from "../domain/Event.ts"
import { OrgId } from "../domain/Ids.ts"
import { makeGroupCommit } from "./groupCommit.ts"

/** An event that was taken in. Equal dedup keys of one org are the same event. */
export class EventRow extends Schema.Class<EventRow>("EventRow")({
  orgId: OrgId,
  id: Schema.String,
  source: Schema.String,
  type: Schema.String,
  dedupKey: Schema.String,
  projectId: Schema.NullOr(Schema.String),
  agentId: Schema.NullOr(Schema.String),
  title: Schema.String,
  text: Schema.NullOr(Schema.String),
  url: Schema.NullOr(Schema.String),
  severity: Severity,
  state: EventState,
  groupKey: Schema.NullOr(Schema.String),
  /** The vendor's own body, as it was received. */
  body: Schema.String,
  /** Where in the body the vendor's data stands. */
  dataPath: Schema.String,
  occurredAt: Schema.DateTimeUtc,
  receivedAt: Schema.DateTimeUtc,
  /** The W3C `traceparent` of what took it in, so that its deliveries go on in the same trace; `null` without one. */
  trace: Schema.NullOr(Schema.String).pipe(Schema.propertySignature, Schema.withConstructorDefault(() => null))
}) {}

const Stored = Schema.Struct({
  id: Schema.String,
  agentId: Schema.NullOr(Schema.String),
  receivedAt: Schema.DateTimeUtc
})

/** Which org a vendor's installation belongs to, and what its webhooks told us. */
export class EventsRepo extends Effect.Service<EventsRepo>()("persistence/EventsRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const transaction = makeGroupCommit(sql)

    const insert = SqlSchema.findOne({
      Request: EventRow,
      Result: Stored,
      execute: (row) =>
        sql`INSERT INTO events ${
          sql.insert(row)
        } ON CONFLICT (org_id, dedup_key) DO NOTHING RETURNING id, agent_id, received_at`
    })

    const find = SqlSchema.findOne({
      Request: Schema.Struct({ orgId: OrgId, dedupKey: Schema.String }),
      Result: Stored,
      execute: ({ dedupKey, orgId }) =>
        sql`SELECT id, agent_id, received_at FROM events WHERE org_id = ${orgId} AND dedup_key = ${dedupKey}`
    })

    const byId = SqlSchema.findOne({
      Request: Schema.Struct({ orgId: OrgId, id: Schema.String }),
      Result: EventRow,
      execute: ({ id, orgId }) => sql`SELECT * FROM events WHERE org_id = ${orgId} AND id = ${id}`
    })

    const deliveryCount = SqlSchema.single({
      Request: Schema.Struct({ orgId: OrgId, id: Schema.String }),
      Result: Schema.Struct({ count: Schema.Union(Schema.Int, Schema.NumberFromString) }),
      execute: ({ id, orgId }) =>
        sql`SELECT COUNT(*) AS count FROM deliveries WHERE org_id = ${orgId} AND event_id = ${id}`
    })

    /** The event stays, under a key that no sender uses. */
    const release = (orgId: OrgId, id: string) =>
      sql`UPDATE events SET dedup_key = ${`released:${id}`} WHERE org_id = ${orgId} AND id = ${id}`

    const boundOrgs = SqlSchema.findAll({
      Request: Schema.Struct({ source: Schema.String, installation: Schema.String }),
      Result: Schema.Struct({ orgId: OrgId }),
      execute: ({ installation, source }) =>
        sql`SELECT org_id FROM webhook_bindings WHERE source = ${source} AND installation = ${installation}`
    })

    const bind = (source: string, installation: string, orgId: OrgId) =>
      sql`INSERT INTO webhook_bindings ${sql.insert({ source, installation, orgId })}
          ON CONFLICT (source, installation, org_id) DO NOTHING`

    return {
      /** `None` where an event with this dedup key is there already. */
      insert: (row: EventRow) => Effect.orDie(insert(row)),
      find: (orgId: OrgId, dedupKey: string) => Effect.orDie(find({ orgId, dedupKey })),
      byId: (orgId: OrgId, id: string) => Effect.orDie(byId({ orgId, id })),
      deliveryCount: (orgId: OrgId, id: string) =>
        Effect.map(Effect.orDie(deliveryCount({ orgId, id })), ({ count }) => count),
      /** Lets another event have its dedup key. */
      release: (orgId: OrgId, id: string) => Effect.orDie(release(orgId, id)),
      /** The orgs that verified deliveries of the installation have come to. */
      boundOrgs: (source: string, installation: string) =>
        Effect.map(Effect.orDie(boundOrgs({ source, installation })), (rows) => rows.map(({ orgId }) => orgId)),
      bind: (source: string, installation: string, orgId: OrgId) => Effect.orDie(bind(source, installation, orgId)),
      /** All or nothing. Those that come at the same time may share a commit. */
      transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        transaction(effect).pipe(Effect.catchTag("SqlError", Effect.die))
    } as const
  })
}) {}
