import { Reactivity } from "@effect/experimental"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Redacted } from "effect"
import type { DatabaseServer } from "../../src/persistence/Sql.ts"
import { findBinaries } from "./binaries.ts"
import { startServer } from "./server.ts"

/** A server that a test may do anything to; gone with the scope. */
export const ownServer = Effect.acquireRelease(
  Effect.promise(() => findBinaries().then((found) => startServer(found))),
  (server) => Effect.promise(() => server.stop())
)

/** How a process is told of a database. */
export const settingsOf = (url: string): DatabaseServer => ({
  url: Redacted.make(url),
  pool: 4,
  statementTimeout: Duration.seconds(10),
  connectTimeout: Duration.seconds(5)
})

/** Does something to the server as its superuser. */
export const administer = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.flatMap(
    PgClient.make({ url: Redacted.make(url), maxConnections: 1 }),
    (sql) => Effect.forEach(statements, (statement) => sql.unsafe<Record<string, unknown>>(statement))
  ).pipe(Effect.scoped, Effect.provide(Reactivity.layer), Effect.orDie)
