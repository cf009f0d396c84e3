import { Reactivity } from "@effect/experimental"
import type { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted, String } from "effect"
import type { DatabaseServer } from "../location.ts"
import { prepare } from "./prepare.ts"
import { type DatabaseRefused, refusedAs } from "./refusals.ts"

/** What `pg_stat_activity` shows, unless the URL says otherwise. */
const applicationName = "integrations-api"

/** The driver hands the URL's parameters to the server: so its own settings go along in it. */
const withSettings = ({ statementTimeout, url }: DatabaseServer): Redacted.Redacted => {
  const full = new URL(Redacted.value(url))
  const { searchParams } = full
  if (!searchParams.has("application_name")) searchParams.set("application_name", applicationName)
  searchParams.set("statement_timeout", `${Math.ceil(Duration.toMillis(statementTimeout))}`)
  return Redacted.make(full.href)
}

const config = (server: DatabaseServer): PgClient.PgClientConfig => ({
  url: withSettings(server),
  maxConnections: server.pool,
  connectTimeout: server.connectTimeout,
  transformQueryNames: String.camelToSnake,
  transformResultNames: String.snakeToCamel
})

/** One connection to migrate over and one that holds the lock meanwhile. Nothing here has a time limit. */
const prepared = (server: DatabaseServer) =>
  PgClient.make(config({ ...server, pool: 2, statementTimeout: Duration.zero })).pipe(
    Effect.flatMap(prepare),
    Effect.scoped,
    Effect.provide(Reactivity.layer)
  )

type PostgresLayer = Layer.Layer<SqlClient.SqlClient, DatabaseRefused>

const refusing = <E>(server: DatabaseServer, layer: Layer.Layer<SqlClient.SqlClient, E>): PostgresLayer =>
  Layer.catchAllCause(layer, (cause) => Layer.failCause(refusedAs(server, cause)))

/** The database at the URL as it is. */
export const layerPrepared = (server: DatabaseServer): PostgresLayer =>
  refusing(server, PgClient.layer(config(server)))

/** The database at the URL, its schema up to date. What keeps it from being used is a `DatabaseRefused`. */
export const layerServer = (server: DatabaseServer): PostgresLayer =>
  refusing(server, Layer.provide(PgClient.layer(config(server)), Layer.effectDiscard(prepared(server))))
