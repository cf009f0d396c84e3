import Database from "better-sqlite3"

export interface IntegrationRow {
  readonly org_id: string
  readonly integration: string
  readonly key_id: string
  readonly sealed: string
  readonly refused_at: string | null
  readonly last_sync: string | null
}

export interface RouteRow {
  readonly number: number
  readonly event_type: string
  readonly channel: string
  readonly channel_id: string
  readonly project_id: string | null
  readonly enabled: number
}

export interface DeliveryRow {
  readonly id: string
  readonly event_id: string
  readonly attempt_count: number
  readonly group_key: string | null
  readonly state: string
  readonly severity: string
}

export interface EventRow {
  readonly type: string
  readonly title: string
  readonly text: string | null
  readonly url: string | null
  readonly severity: string
  readonly project_id: string | null
  readonly occurred_at: string
}

export interface Place {
  readonly org_id: string
  readonly channel: string
  readonly channel_id: string
}

/** The service's own tables, as somebody would use them who writes the statements by hand: each prepared once. */
export const openStore = (filename: string) => {
  const db = new Database(filename)
  db.pragma("journal_mode = WAL")
  db.pragma("synchronous = FULL")
  db.pragma("busy_timeout = 5000")
  db.pragma("foreign_keys = ON")
  const at = "org_id = ? AND channel = ? AND channel_id = ?"
  return {
    db,
    integrations: db.prepare<[string], IntegrationRow>("SELECT * FROM integrations WHERE org_id = ?"),
    integration: db.prepare<[string, string], IntegrationRow>(
      "SELECT * FROM integrations WHERE org_id = ? AND integration = ?"
    ),
    setLastSync: db.prepare<[string, string, string]>(
      "UPDATE integrations SET last_sync = ? WHERE org_id = ? AND integration = ?"
    ),
    routes: db.prepare<[string], RouteRow>("SELECT * FROM channel_routes WHERE org_id = ? ORDER BY number"),
    eventByKey: db.prepare<[string, string], { readonly agent_id: string | null }>(
      "SELECT agent_id FROM events WHERE org_id = ? AND dedup_key = ?"
    ),
    event: db.prepare<[string, string], EventRow>("SELECT * FROM events WHERE org_id = ? AND id = ?"),
    addEvent: db.prepare(
      `INSERT INTO events (org_id, id, source, type, dedup_key, project_id, agent_id, title, text, url, severity, state,
         group_key, body, data_path, occurred_at, received_at)
       VALUES (@orgId, @id, @source, @type, @dedupKey, @projectId, @agentId, @title, @text, @url, @severity, @state,
         @groupKey, @body, @dataPath, @occurredAt, @receivedAt)`
    ),
    agent: db.prepare<[string, string], { readonly id: string }>(
      "SELECT id FROM incident_agents WHERE org_id = ? AND project_id = ?"
    ),
    addAgent: db.prepare<[string, string, string, string]>(
      "INSERT INTO incident_agents (org_id, project_id, id, created_at) VALUES (?, ?, ?, ?)"
    ),
    nextOfAgent: db.prepare<[string, string], { readonly last_number: number }>(
      "UPDATE incident_agents SET last_number = last_number + 1 WHERE org_id = ? AND id = ? RETURNING last_number"
    ),
    addInboxEntry: db.prepare<[string, string, number, string, string]>(
      "INSERT INTO inbox_entries (org_id, agent_id, number, event_id, received_at) VALUES (?, ?, ?, ?, ?)"
    ),
    nextOfDestination: db.prepare<[string, string, string, string], { readonly last_number: number }>(
      `INSERT INTO destinations (org_id, channel, channel_id, last_number, wakes, due_at) VALUES (?, ?, ?, 1, 1, ?)
       ON CONFLICT (org_id, channel, channel_id) DO UPDATE SET
         last_number = destinations.last_number + 1, wakes = destinations.wakes + 1,
         due_at = COALESCE(destinations.due_at, excluded.due_at)
       RETURNING last_number`
    ),
    addDelivery: db.prepare(
      `INSERT INTO deliveries (org_id, id, event_id, event_type, route_number, channel, channel_id, number, status,
         attempt_count, group_key, state, severity, created_at)
       VALUES (@orgId, @id, @eventId, @eventType, @routeNumber, @channel, @channelId, @number, 'pending', 0, @groupKey,
         @state, @severity, @createdAt)`
    ),
    due: db.prepare<[], Place>("SELECT org_id, channel, channel_id FROM destinations WHERE due_at IS NOT NULL"),
    rest: db.prepare<[string, string, string]>(`UPDATE destinations SET due_at = NULL WHERE ${at}`),
    head: db.prepare<[string, string, string], DeliveryRow>(
      `SELECT * FROM deliveries WHERE ${at} AND status IN ('pending', 'delivering') AND held_until IS NULL
       ORDER BY number LIMIT 1`
    ),
    claim: db.prepare<[string, string]>(
      "UPDATE deliveries SET status = 'delivering', attempt_count = attempt_count + 1 WHERE org_id = ? AND id = ?"
    ),
    delivered: db.prepare<[string, string, string]>(
      "UPDATE deliveries SET status = 'delivered', delivered_at = ? WHERE org_id = ? AND id = ?"
    ),
    addAttempt: db.prepare<[string, string, number, string, number]>(
      `INSERT INTO delivery_attempts (org_id, delivery_id, number, at, outcome, latency_ms)
       VALUES (?, ?, ?, ?, 'delivered', ?)`
    ),
    tell: db.prepare<[string, string, string, string, string, string, string]>(
      `INSERT INTO destination_groups (org_id, channel, channel_id, group_key, told_at, state, severity)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (org_id, channel, channel_id, group_key)
       DO UPDATE SET told_at = excluded.told_at, state = excluded.state, severity = excluded.severity`
    )
  } as const
}

export type Store = ReturnType<typeof openStore>
