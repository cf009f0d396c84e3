import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** `number` counts per org; the counter outlives its routes, so that no id comes twice. */
export const channelRoutes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE channel_routes (
      org_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      event_type TEXT NOT NULL,
      channel TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      project_id TEXT,
      enabled INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (org_id, number)
    )`
  yield* sql`
    CREATE TABLE channel_route_counters (
      org_id TEXT NOT NULL PRIMARY KEY,
      last_number INTEGER NOT NULL
    )`
})
