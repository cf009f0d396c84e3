import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"

/** An incident agent. The endpoint's three fields are set together or not at all. */
export class AgentRow extends Schema.Class<AgentRow>("AgentRow")({
  orgId: OrgId,
  projectId: Schema.String,
  id: Schema.String,
  createdAt: Schema.DateTimeUtc,
  /** Of the inbox. */
  lastNumber: Schema.Int,
  endpointUrl: Schema.NullOr(Schema.String),
  /** The endpoint's secret, encrypted. */
  endpointKeyId: Schema.NullOr(Schema.String),
  endpointSealed: Schema.NullOr(Schema.String)
}) {}

/** Where incidents are pushed, and the secret that signs them, encrypted. */
export interface StoredEndpoint {
  readonly url: string
  readonly keyId: string
  readonly sealed: string
}

/** Incident agents: one for each project of an org. */
export class AgentsRepo extends Effect.Service<AgentsRepo>()("persistence/AgentsRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** The project's agent: `candidate` becomes its id if it has none yet. What is there changes in nothing but is told. */
    const assure = SqlSchema.single({
      Request: Schema.Struct({
        orgId: OrgId,
        projectId: Schema.String,
        id: Schema.String,
        createdAt: Schema.DateTimeUtc
      }),
      Result: Schema.Struct({ id: Schema.String }),
      execute: (row) =>
        sql`INSERT INTO incident_agents ${sql.insert(row)}
            ON CONFLICT (org_id, project_id) DO UPDATE SET project_id = excluded.project_id RETURNING id`
    })

    const takeNumber = SqlSchema.single({
      Request: Schema.Struct({ orgId: OrgId, id: Schema.String }),
      Result: Schema.Struct({ lastNumber: Schema.Int, endpointUrl: Schema.NullOr(Schema.String) }),
      execute: ({ id, orgId }) =>
        sql`UPDATE incident_agents SET last_number = last_number + 1 WHERE org_id = ${orgId} AND id = ${id}
            RETURNING last_number, endpoint_url`
    })

    /** Puts an event at the end of the agent's inbox. Tells whether the agent has an endpoint. */
    const give = Effect.fnUntraced(function*(orgId: OrgId, id: string, eventId: string, now: DateTime.Utc) {
      const { endpointUrl, lastNumber } = yield* takeNumber({ orgId, id })
      const entry = { orgId, agentId: id, number: lastNumber, eventId, receivedAt: DateTime.formatIso(now) }
      yield* sql`INSERT INTO inbox_entries ${sql.insert(entry)}`
      return { hasEndpoint: endpointUrl !== null }
    }, Effect.orDie)

    const list = SqlSchema.findAll({
      Request: OrgId,
      Result: AgentRow,
      execute: (orgId) => sql`SELECT * FROM incident_agents WHERE org_id = ${orgId} ORDER BY created_at, id`
    })

    const Place = Schema.Struct({ orgId: OrgId, id: Schema.String })

    const find = SqlSchema.findOne({
      Request: Place,
      Result: AgentRow,
      execute: ({ id, orgId }) => sql`SELECT * FROM incident_agents WHERE org_id = ${orgId} AND id = ${id}`
    })

    const setEndpoint = SqlSchema.findOne({
      Request: Schema.Struct({ ...Place.fields, url: Schema.String, keyId: Schema.String, sealed: Schema.String }),
      Result: AgentRow,
      execute: ({ id, keyId, orgId, sealed, url }) =>
        sql`UPDATE incident_agents
            SET endpoint_url = ${url}, endpoint_key_id = ${keyId}, endpoint_sealed = ${sealed}
            WHERE org_id = ${orgId} AND id = ${id} RETURNING *`
    })

    const noEndpoint = sql`UPDATE incident_agents
      SET endpoint_url = NULL, endpoint_key_id = NULL, endpoint_sealed = NULL`

    const removeEndpoint = SqlSchema.findOne({
      Request: Place,
      Result: AgentRow,
      execute: ({ id, orgId }) => sql`${noEndpoint} WHERE org_id = ${orgId} AND id = ${id} RETURNING *`
    })

    const dropEndpoint = ({ endpointSealed, id, orgId }: AgentRow) =>
      sql`${noEndpoint} WHERE org_id = ${orgId} AND id = ${id} AND endpoint_sealed = ${endpointSealed}`

    return {
      assure: (orgId: OrgId, projectId: string, candidate: string, now: DateTime.Utc) =>
        Effect.map(Effect.orDie(assure({ orgId, projectId, id: candidate, createdAt: now })), ({ id }) => id),
      give,
      /** The oldest first. */
      list: (orgId: OrgId) => Effect.orDie(list(orgId)),
      find: (orgId: OrgId, id: string) => Effect.orDie(find({ orgId, id })),
      /** The agent as it is then; `None` where there is none. */
      setEndpoint: (orgId: OrgId, id: string, endpoint: StoredEndpoint) =>
        Effect.orDie(setEndpoint({ orgId, id, ...endpoint })),
      /** The agent as it is then; `None` where there is none. */
      removeEndpoint: (orgId: OrgId, id: string) => Effect.orDie(removeEndpoint({ orgId, id })),
      /** Removes the endpoint that the row has, and leaves one alone that was set since. */
      dropEndpoint: (row: AgentRow) => Effect.orDie(Effect.asVoid(dropEndpoint(row)))
    } as const
  })
}) {}
