import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The trace in which an event was taken in, for its deliveries to go on in; and how much waits, read off an index. */
export const observability = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE events ADD COLUMN trace TEXT`
  yield* sql`CREATE INDEX deliveries_waiting ON deliveries (channel, created_at) WHERE status IN ('pending', 'delivering')`
})
