import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Agents' inboxes, and what goes where: `destinations` says for each destination when there is something to do,
 * `deliveries` what. Numbers count per agent and per destination within the transaction that hands them out, so they
 * are in the order of commits on every database.
 */
export const deliveries = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE events ADD COLUMN severity TEXT NOT NULL DEFAULT 'error'`
  yield* sql`ALTER TABLE events ADD COLUMN state TEXT NOT NULL DEFAULT 'open'`
  yield* sql`ALTER TABLE events ADD COLUMN text TEXT`
  yield* sql`ALTER TABLE events ADD COLUMN url TEXT`
  yield* sql`ALTER TABLE events ADD COLUMN group_key TEXT`
  yield* sql`ALTER TABLE events ADD COLUMN data_path TEXT NOT NULL DEFAULT 'data'`
  yield* sql`ALTER TABLE events ADD COLUMN emptied INTEGER NOT NULL DEFAULT 0`
  yield* sql`CREATE INDEX events_received ON events (received_at) WHERE emptied = 0`

  yield* sql`ALTER TABLE incident_agents ADD COLUMN last_number INTEGER NOT NULL DEFAULT 0`
  yield* sql`ALTER TABLE incident_agents ADD COLUMN endpoint_url TEXT`
  yield* sql`ALTER TABLE incident_agents ADD COLUMN endpoint_key_id TEXT`
  yield* sql`ALTER TABLE incident_agents ADD COLUMN endpoint_sealed TEXT`
  yield* sql`
    CREATE TABLE inbox_entries (
      org_id TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      received_at TEXT NOT NULL,
      PRIMARY KEY (org_id, agent_id, number)
    )`
  yield* sql`CREATE INDEX inbox_entries_received ON inbox_entries (received_at)`
  yield* sql`CREATE UNIQUE INDEX inbox_entries_event ON inbox_entries (org_id, event_id)`
  // What agents were given before they had an inbox.
  yield* sql`
    INSERT INTO inbox_entries (org_id, agent_id, number, event_id, received_at)
    SELECT org_id, agent_id, ROW_NUMBER() OVER (PARTITION BY org_id, agent_id ORDER BY received_at, id), id, received_at
    FROM events WHERE agent_id IS NOT NULL`
  yield* sql`
    UPDATE incident_agents SET last_number =
      (SELECT COUNT(*) FROM inbox_entries e WHERE e.org_id = incident_agents.org_id AND e.agent_id = incident_agents.id)`

  yield* sql`
    CREATE TABLE destinations (
      org_id TEXT NOT NULL,
      channel TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      last_number INTEGER NOT NULL,
      wakes INTEGER NOT NULL,
      due_at TEXT,
      quiet_until TEXT,
      paused_config TEXT,
      PRIMARY KEY (org_id, channel, channel_id)
    )`
  yield* sql`CREATE INDEX destinations_due ON destinations (due_at) WHERE due_at IS NOT NULL`
  yield* sql`CREATE INDEX destinations_paused ON destinations (org_id, channel) WHERE paused_config IS NOT NULL`
  yield* sql`
    CREATE TABLE destination_groups (
      org_id TEXT NOT NULL,
      channel TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      group_key TEXT NOT NULL,
      told_at TEXT NOT NULL,
      state TEXT NOT NULL,
      severity TEXT NOT NULL,
      PRIMARY KEY (org_id, channel, channel_id, group_key)
    )`
  yield* sql`CREATE INDEX destination_groups_told ON destination_groups (told_at)`

  yield* sql`
    CREATE TABLE deliveries (
      org_id TEXT NOT NULL,
      id TEXT NOT NULL,
      event_id TEXT NOT NULL,
      event_type TEXT NOT NULL,
      route_number INTEGER,
      channel TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      status TEXT NOT NULL,
      attempt_count INTEGER NOT NULL,
      next_attempt_at TEXT,
      retry_until TEXT,
      held_until TEXT,
      last_error TEXT,
      group_key TEXT,
      state TEXT NOT NULL,
      severity TEXT NOT NULL,
      folded_into TEXT,
      created_at TEXT NOT NULL,
      delivered_at TEXT,
      PRIMARY KEY (org_id, id)
    )`
  yield* sql`CREATE UNIQUE INDEX deliveries_order ON deliveries (org_id, channel, channel_id, number)`
  // What is held back for folding may be many, and is looked at only when its time has come.
  yield* sql`
    CREATE INDEX deliveries_queue ON deliveries (org_id, channel, channel_id, number)
    WHERE status IN ('pending', 'delivering') AND held_until IS NULL`
  yield* sql`
    CREATE INDEX deliveries_held ON deliveries (org_id, channel, channel_id, held_until, number)
    WHERE status IN ('pending', 'delivering') AND held_until IS NOT NULL`
  yield* sql`
    CREATE INDEX deliveries_free ON deliveries (org_id, channel, channel_id, group_key, number)
    WHERE status IN ('pending', 'delivering') AND held_until IS NULL AND group_key IS NOT NULL`
  yield* sql`
    CREATE INDEX deliveries_group ON deliveries (org_id, channel, channel_id, group_key, number)
    WHERE status IN ('pending', 'delivering') AND group_key IS NOT NULL`
  yield* sql`CREATE INDEX deliveries_status ON deliveries (org_id, status, id)`
  yield* sql`CREATE INDEX deliveries_route ON deliveries (org_id, route_number, id)`
  yield* sql`CREATE INDEX deliveries_event ON deliveries (org_id, event_id, id)`
  yield* sql`CREATE INDEX deliveries_created ON deliveries (created_at)`
  yield* sql`
    CREATE TABLE delivery_attempts (
      org_id TEXT NOT NULL,
      delivery_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      at TEXT NOT NULL,
      outcome TEXT NOT NULL,
      error TEXT,
      latency_ms INTEGER NOT NULL,
      PRIMARY KEY (org_id, delivery_id, number)
    )`
  yield* sql`
    CREATE TABLE storage_probe (
      id INTEGER NOT NULL PRIMARY KEY,
      filling TEXT NOT NULL
    )`
})
