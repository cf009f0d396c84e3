import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Callers' tokens. Of the secret there is only the SHA-256; `scopes` are separated by spaces; `org_id` is `*` for an
 * operator's.
 */
export const tokens = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE tokens (
      id TEXT NOT NULL PRIMARY KEY,
      org_id TEXT NOT NULL,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      secret_hash TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT,
      revoked_at TEXT,
      last_used_at TEXT
    )`
  yield* sql`CREATE INDEX tokens_org ON tokens (org_id, created_at)`
})
