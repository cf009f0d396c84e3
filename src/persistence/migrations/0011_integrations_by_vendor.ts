import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Webhooks that do not say whose they are ask for a vendor's latest configs, whatever the organisation. */
export const integrationsByVendor = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`CREATE INDEX integrations_vendor ON integrations (integration, configured_at)`
)
