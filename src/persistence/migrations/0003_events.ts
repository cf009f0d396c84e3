import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** What webhooks told us, the agents that incidents go to, and which org a vendor's installation belongs to. */
export const events = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE incident_agents (
      org_id TEXT NOT NULL,
      project_id TEXT NOT NULL,
      id TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (org_id, project_id)
    )`
  yield* sql`CREATE UNIQUE INDEX incident_agents_id ON incident_agents (org_id, id)`
  yield* sql`
    CREATE TABLE events (
      org_id TEXT NOT NULL,
      id TEXT NOT NULL,
      source TEXT NOT NULL,
      type TEXT NOT NULL,
      dedup_key TEXT NOT NULL,
      project_id TEXT,
      agent_id TEXT,
      title TEXT NOT NULL,
      body TEXT NOT NULL,
      occurred_at TEXT NOT NULL,
      received_at TEXT NOT NULL,
      PRIMARY KEY (org_id, id)
    )`
  yield* sql`CREATE UNIQUE INDEX events_dedup ON events (org_id, dedup_key)`
  yield* sql`
    CREATE TABLE webhook_bindings (
      source TEXT NOT NULL,
      installation TEXT NOT NULL,
      org_id TEXT NOT NULL,
      PRIMARY KEY (source, installation, org_id)
    )`
})
