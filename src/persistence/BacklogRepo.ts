import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Schema } from "effect"

/** What waits in one channel, of all organisations together. */
const Backlog = Schema.Struct({
  channel: Schema.String,
  count: Schema.Union(Schema.Int, Schema.NumberFromString),
  oldest: Schema.DateTimeUtc
})

/** How much there is still to send. For operators, and so the one look at deliveries that is not scoped by org. */
export class BacklogRepo extends Effect.Service<BacklogRepo>()("persistence/BacklogRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const byChannel = SqlSchema.findAll({
      Request: Schema.Void,
      Result: Backlog,
      execute: () =>
        sql`SELECT channel, COUNT(*) AS count, MIN(created_at) AS oldest FROM deliveries
            WHERE status IN ('pending', 'delivering') GROUP BY channel`
    })

    return { byChannel: Effect.orDie(byChannel()) } as const
  })
}) {}
