import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"

/* What many webhooks would have left behind, written by the database itself: a million rows take seconds. */

/** Where the events of an organisation went. */
export interface History {
  readonly orgId: OrgId
  readonly events: number
  readonly channel: string
  /** The events are spread over them evenly. */
  readonly channelIds: number
  readonly status: "delivered" | "pending"
}

/** Names of its own, so that histories of one organisation do not meet. */
const numbered = (sql: SqlClient.SqlClient, count: number) =>
  sql`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`

/** As large as what Sentry sends. */
const body = JSON.stringify({ action: "created", data: { issue: { id: "1", filling: "x".repeat(800) } } })
const at = "2026-03-21T14:00:00.000Z"

export const channelIdOf = (n: number): string => `1555${String(n).padStart(6, "0")}`

export const seedHistory = ({ channel, channelIds, events, orgId, status }: History) =>
  Effect.gen(function*() {
    if (events === 0) return
    const sql = yield* SqlClient.SqlClient
    const n = numbered(sql, events)
    const eventId = sql`'evt-019d0000-0000-7000-8000-' || printf('%012d', i)`
    const deliveryId = sql`'dlv-019d0000-0000-7000-8000-' || printf('%012d', i)`
    const channelId = sql`'1555' || printf('%06d', i % ${channelIds})`
    // Parameters are floating-point numbers, and so would the quotient be.
    const number = sql`CAST(i / ${channelIds} AS INTEGER) + 1`
    const delivered = status === "delivered"
    yield* sql.withTransaction(Effect.gen(function*() {
      yield* sql`INSERT INTO incident_agents (org_id, project_id, id, created_at, last_number)
        VALUES (${orgId}, 'api-gateway', 'agent-incident-bench0', ${at}, ${events})`
      yield* sql`INSERT INTO events (org_id, id, source, type, dedup_key, project_id, agent_id, title, text, url, severity,
          state, group_key, body, data_path, occurred_at, received_at)
        ${n} SELECT ${orgId}, ${eventId}, 'sentry', 'sentry.issue.created',
          'sentry:issue:' || lower(hex(randomblob(32))), 'api-gateway', 'agent-incident-bench0',
          'TypeError ' || i, 'checkout/total', 'https://acme.sentry.example/issues/' || i || '/', 'error', 'open',
          'sentry:issue:' || i, ${body}, 'data', ${at}, ${at} FROM n`
      yield* sql`INSERT INTO inbox_entries (org_id, agent_id, number, event_id, received_at)
        ${n} SELECT ${orgId}, 'agent-incident-bench0', i + 1, ${eventId}, ${at} FROM n`
      yield* sql`INSERT INTO destinations (org_id, channel, channel_id, last_number, wakes, due_at)
        ${numbered(sql, channelIds)} SELECT ${orgId}, ${channel}, ${channelId}, ${Math.ceil(events / channelIds)}, 1,
          ${delivered ? null : at} FROM n`
      yield* sql`INSERT INTO deliveries (org_id, id, event_id, event_type, route_number, channel, channel_id, number,
          status, attempt_count, group_key, state, severity, created_at, delivered_at)
        ${n} SELECT ${orgId}, ${deliveryId}, ${eventId}, 'sentry.issue.created', 1, ${channel}, ${channelId}, ${number},
          ${status}, ${delivered ? 1 : 0}, 'sentry:issue:' || i, 'open', 'error', ${at}, ${
        delivered ? at : null
      } FROM n`
      if (!delivered) return
      yield* sql`INSERT INTO delivery_attempts (org_id, delivery_id, number, at, outcome, latency_ms)
        ${n} SELECT ${orgId}, ${deliveryId}, 1, ${at}, 'delivered', 120 FROM n`
    }))
  })
