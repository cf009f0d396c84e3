import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Who did what, as a chain for each org: each row's hash covers the row and the hash of the one before it. */
export const auditLog = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE audit_log (
      org_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      at TEXT NOT NULL,
      token_id TEXT,
      action TEXT NOT NULL,
      target TEXT,
      outcome TEXT NOT NULL,
      status INTEGER NOT NULL,
      request_id TEXT NOT NULL,
      hash TEXT NOT NULL,
      PRIMARY KEY (org_id, number)
    )`
  yield* sql`CREATE INDEX audit_log_action ON audit_log (org_id, action, number)`
  // Where each chain ends. Who appends locks its org's row first.
  yield* sql`
    CREATE TABLE audit_heads (
      org_id TEXT NOT NULL PRIMARY KEY,
      last_number INTEGER NOT NULL,
      last_hash TEXT NOT NULL
    )`
})
