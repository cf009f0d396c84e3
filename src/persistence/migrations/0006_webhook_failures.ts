import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The latest webhooks of each org that were not taken, and why. */
export const webhookFailures = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE webhook_failures (
      org_id TEXT NOT NULL,
      id TEXT NOT NULL,
      source TEXT NOT NULL,
      reason TEXT NOT NULL,
      details TEXT NOT NULL,
      failed_at TEXT NOT NULL,
      PRIMARY KEY (org_id, id)
    )`
  yield* sql`CREATE INDEX webhook_failures_source ON webhook_failures (org_id, source, id)`
})
