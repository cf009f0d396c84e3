import type { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * One process at a time, over the schema that is in use: for what several do at their start. The lock is a session's, on
 * a connection of its own, so that it ends with the process, however that ends. On SQLite nothing is waited for.
 */
export const alone = (sql: SqlClient.SqlClient, what: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const key = [`integrations-api: ${what}`]
  const held = Effect.gen(function*() {
    const connection = yield* sql.reserve
    const ask = (query: string, parameters: ReadonlyArray<string> = []) => connection.executeValues(query, parameters)
    // Whoever comes first may take longer than a statement may.
    yield* ask("SELECT set_config('statement_timeout', '0', false)")
    yield* Effect.addFinalizer(() => Effect.ignoreLogged(ask("RESET statement_timeout")))
    const [[taken] = []] = yield* ask("SELECT pg_try_advisory_lock(hashtextextended($1 || current_schema(), 0))", key)
    if (taken !== true) {
      yield* Effect.logInfo(`Waiting for another process: ${what}`)
      yield* ask("SELECT pg_advisory_lock(hashtextextended($1 || current_schema(), 0))", key)
    }
    yield* Effect.addFinalizer(() =>
      Effect.ignoreLogged(ask("SELECT pg_advisory_unlock(hashtextextended($1 || current_schema(), 0))", key))
    )
    return yield* effect
  })
  return sql.onDialectOrElse({ pg: () => Effect.scoped(held), orElse: () => effect })
}
