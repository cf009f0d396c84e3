import { SqlClient, type SqlError } from "@effect/sql"
import { DateTime, Effect } from "effect"
import { skipLocked } from "./dialect.ts"
import { transaction } from "./transaction.ts"

/**
 * Removes what has been kept long enough, a small batch at a time, so that no other query waits for it. Each answers
 * with how many rows it removed: fewer than `limit` means that there are no more.
 */
export class RetentionRepo extends Effect.Service<RetentionRepo>()("persistence/RetentionRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const finished = sql`status IN ('delivered', 'failed', 'dead')`

    /** Finished deliveries and their attempts. Locked first: one that is put into its queue again meanwhile stays. */
    const deliveries = (before: string, limit: number) =>
      transaction(sql)(Effect.gen(function*() {
        const old = yield* sql<{ orgId: string; id: string }>`
          SELECT org_id, id FROM deliveries WHERE created_at < ${before} AND ${finished}
          ORDER BY created_at LIMIT ${limit} ${skipLocked(sql)}`
        if (old.length === 0) return []
        const these = sql`(VALUES ${sql.csv(old.map(({ id, orgId }) => sql`(${orgId}, ${id})`))})`
        yield* sql`DELETE FROM delivery_attempts WHERE (org_id, delivery_id) IN ${these}`
        return yield* sql`DELETE FROM deliveries WHERE (org_id, id) IN ${these} RETURNING id`
      }))

    const inboxEntries = (before: string, limit: number) =>
      sql`WITH old AS MATERIALIZED (
            SELECT org_id, agent_id, number FROM inbox_entries WHERE received_at < ${before}
            ORDER BY received_at LIMIT ${limit} ${skipLocked(sql)}
          )
          DELETE FROM inbox_entries WHERE (org_id, agent_id, number) IN (SELECT org_id, agent_id, number FROM old)
          RETURNING number`

    /**
     * Events keep their dedup key for ever, because a captured webhook stays valid for ever; what they told is
     * removed. Those that are still on their way somewhere are left alone.
     */
    const events = (before: string, limit: number) =>
      sql`WITH old AS MATERIALIZED (
            SELECT org_id, id FROM events WHERE received_at < ${before} AND emptied = 0
              AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.org_id = events.org_id AND d.event_id = events.id)
            ORDER BY received_at LIMIT ${limit} ${skipLocked(sql)}
          )
          UPDATE events SET body = '', text = NULL, emptied = 1 WHERE (org_id, id) IN (SELECT org_id, id FROM old)
          RETURNING id`

    /** What destinations were told about groups: of no use once the group's window has passed. */
    const groups = (before: string, limit: number) =>
      sql`WITH old AS MATERIALIZED (
            SELECT org_id, channel, channel_id, group_key FROM destination_groups WHERE told_at < ${before}
            LIMIT ${limit} ${skipLocked(sql)}
          )
          DELETE FROM destination_groups WHERE (org_id, channel, channel_id, group_key) IN
            (SELECT org_id, channel, channel_id, group_key FROM old)
          RETURNING group_key`

    /** What `Idempotency-Key`s stood for. */
    const answers = (before: string, limit: number) =>
      sql`DELETE FROM idempotent_answers WHERE (org_id, operation, idempotency_key) IN
            (SELECT org_id, operation, idempotency_key FROM idempotent_answers WHERE created_at < ${before}
             ORDER BY created_at LIMIT ${limit})
          RETURNING idempotency_key`

    type Remove = (before: string, limit: number) => Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>
    const removing = (remove: Remove) => (before: DateTime.Utc, limit: number) =>
      Effect.orDie(Effect.map(remove(DateTime.formatIso(before), limit), (rows) => rows.length))

    return {
      deliveries: removing(deliveries),
      inboxEntries: removing(inboxEntries),
      events: removing(events),
      groups: removing(groups),
      answers: removing(answers)
    } as const
  })
}) {}
