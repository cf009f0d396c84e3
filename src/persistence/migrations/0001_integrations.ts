import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** One row for each configured integration of an org. `sealed` is its config, encrypted under the key `key_id`. */
export const integrations = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
    CREATE TABLE integrations (
      org_id TEXT NOT NULL,
      integration TEXT NOT NULL,
      key_id TEXT NOT NULL,
      sealed TEXT NOT NULL,
      configured_at TEXT NOT NULL,
      refused_at TEXT,
      last_sync TEXT,
      PRIMARY KEY (org_id, integration)
    )`)
