import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"

/** Incident agents: one for each project of an org. */
export class AgentsRepo extends Effect.Service<AgentsRepo>()("persistence/AgentsRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const idOf = SqlSchema.single({
      Request: Schema.Struct({ orgId: OrgId, projectId: Schema.String }),
      Result: Schema.Struct({ id: Schema.String }),
      execute: ({ orgId, projectId }) =>
        sql`SELECT id FROM incident_agents WHERE org_id = ${orgId} AND project_id = ${projectId}`
    })

    /** The project's agent: `candidate` becomes its id if it has none yet. */
    const assure = Effect.fn("AgentsRepo.assure")(function*(
      orgId: OrgId,
      projectId: string,
      candidate: string,
      now: DateTime.Utc
    ) {
      const row = { orgId, projectId, id: candidate, createdAt: DateTime.formatIso(now) }
      yield* sql`INSERT INTO incident_agents ${sql.insert(row)} ON CONFLICT (org_id, project_id) DO NOTHING`
      const { id } = yield* idOf({ orgId, projectId })
      return id
    }, Effect.orDie)

    const takeNumber = SqlSchema.single({
      Request: Schema.Struct({ orgId: OrgId, id: Schema.String }),
      Result: Schema.Struct({ lastNumber: Schema.Int, endpointUrl: Schema.NullOr(Schema.String) }),
      execute: ({ id, orgId }) =>
        sql`UPDATE incident_agents SET last_number = last_number + 1 WHERE org_id = ${orgId} AND id = ${id}
            RETURNING last_number, endpoint_url`
    })

    /** Puts an event at the end of the agent's inbox. Tells whether the agent has an endpoint. */
    const give = Effect.fn("AgentsRepo.give")(function*(orgId: OrgId, id: string, eventId: string, now: DateTime.Utc) {
      const { endpointUrl, lastNumber } = yield* takeNumber({ orgId, id })
      const entry = { orgId, agentId: id, number: lastNumber, eventId, receivedAt: DateTime.formatIso(now) }
      yield* sql`INSERT INTO inbox_entries ${sql.insert(entry)}`
      return { hasEndpoint: endpointUrl !== null }
    }, Effect.orDie)

    return { assure, give } as const
  })
}) {}
