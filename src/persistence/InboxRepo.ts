import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { EventRow } from "./EventsRepo.ts"

/** An event in an agent's inbox. Numbers grow in the order of commits; those of removed entries do not come back. */
const Entry = Schema.Struct({ number: Schema.Int, ...EventRow.fields })
export type InboxEntry = typeof Entry.Type

/** How much of an agent's inbox somebody knows. */
export interface Known {
  readonly orgId: OrgId
  readonly id: string
  readonly lastNumber: number
}

/** How many characters the bodies of one page may have together: a body has up to 1 MiB. */
const largestPage = 4 * 1024 * 1024

/** How many of the first entries fit together; the first one always does. */
const fitting = (sizes: ReadonlyArray<number>): number => {
  let total = 0
  const beyond = sizes.findIndex((size) => (total += size) > largestPage)
  return beyond === -1 ? sizes.length : Math.max(1, beyond)
}

/** What agents have been given. */
export class InboxRepo extends Effect.Service<InboxRepo>()("persistence/InboxRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const entries = sql`FROM inbox_entries e JOIN events v ON v.org_id = e.org_id AND v.id = e.event_id`
    const Place = { orgId: OrgId, agentId: Schema.String, after: Schema.Int }

    const sizes = SqlSchema.findAll({
      Request: Schema.Struct({ ...Place, limit: Schema.Int }),
      Result: Schema.Struct({ number: Schema.Int, size: Schema.Int }),
      execute: ({ after, agentId, limit, orgId }) =>
        sql`SELECT e.number, LENGTH(v.body) AS size ${entries}
            WHERE e.org_id = ${orgId} AND e.agent_id = ${agentId} AND e.number > ${after}
            ORDER BY e.number LIMIT ${limit}`
    })

    const through = SqlSchema.findAll({
      Request: Schema.Struct({ ...Place, last: Schema.Int }),
      Result: Entry,
      execute: ({ after, agentId, last, orgId }) =>
        sql`SELECT v.*, e.number ${entries}
            WHERE e.org_id = ${orgId} AND e.agent_id = ${agentId} AND e.number > ${after} AND e.number <= ${last}
            ORDER BY e.number`
    })

    const page = Effect.fnUntraced(
      function*(orgId: OrgId, agentId: string, after: number, limit: number) {
        const found = yield* sizes({ orgId, agentId, after, limit })
        const last = found[fitting(found.map(({ size }) => size)) - 1]
        return last === undefined ? [] : yield* through({ orgId, agentId, after, last: last.number })
      },
      Effect.orDie
    )

    const numberOf = SqlSchema.findOne({
      Request: Schema.Struct({ orgId: OrgId, agentId: Schema.String, eventId: Schema.String }),
      Result: Schema.Struct({ number: Schema.Int }),
      execute: ({ agentId, eventId, orgId }) =>
        sql`SELECT number FROM inbox_entries
            WHERE org_id = ${orgId} AND event_id = ${eventId} AND agent_id = ${agentId}`
    })

    const grown = SqlSchema.findAll({
      Request: Schema.NonEmptyArray(Schema.Struct({ orgId: OrgId, id: Schema.String, lastNumber: Schema.Int })),
      Result: Schema.Struct({ orgId: OrgId, id: Schema.String }),
      execute: (agents) =>
        sql`WITH known (org_id, id, last_number) AS (VALUES ${
          sql.csv(agents.map(({ id, lastNumber, orgId }) => sql`(${orgId}, ${id}, ${lastNumber})`))
        })
            SELECT a.org_id, a.id FROM known k CROSS JOIN incident_agents a
            WHERE a.org_id = k.org_id AND a.id = k.id AND a.last_number > CAST(k.last_number AS INTEGER)`
    })

    return {
      /** What comes after a number, oldest first: at most `limit`, and fewer where their bodies are large. */
      page,
      /** The number that an event has in the inbox; `None` where it is not there any more. */
      numberOf: (orgId: OrgId, agentId: string, eventId: string) =>
        Effect.orDie(numberOf({ orgId, agentId, eventId })).pipe(Effect.map(Option.map(({ number }) => number))),
      /** Which of some agents, of any org, have been given more than is known of. */
      grown: (agents: readonly [Known, ...ReadonlyArray<Known>]) => Effect.orDie(grown(agents))
    } as const
  })
}) {}
