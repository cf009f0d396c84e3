import { Reactivity } from "@effect/experimental"
import type { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted, String } from "effect"
import { Pool, type PoolConfig, TypeOverrides, types as parsers } from "pg"
import type { DatabaseServer } from "../location.ts"
import { prepare } from "./prepare.ts"
import { type DatabaseRefused, refusedAs } from "./refusals.ts"

/** Found dead within minutes where a firewall or a failed machine has forgotten it. */
const keepAliveAfter = Duration.seconds(30)

/** Counts are bigint here and come as text: numbers, as on SQLite, wherever they are exact. The cluster's ids are not. */
const types = new TypeOverrides()
types.setTypeParser(parsers.builtins.INT8, (text) => Number.isSafeInteger(Number(text)) ? Number(text) : text)

/** What the URL itself says in its parameters wins over what is said here. */
const poolOf = ({ connectTimeout, pool, url }: DatabaseServer, settings: PoolConfig) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const made = new Pool({
        connectionString: Redacted.value(url),
        max: pool,
        connectionTimeoutMillis: Duration.toMillis(connectTimeout),
        // What `pg_stat_activity` shows.
        fallback_application_name: "integrations-api",
        keepAlive: true,
        keepAliveInitialDelayMillis: Duration.toMillis(keepAliveAfter),
        types,
        ...settings
      })
      // A connection that ends while it rests is replaced; what runs over one hears of its end by itself.
      made.on("error", () => {})
      return made
    }),
    (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption("1 second"))
  )

const options = {
  transformQueryNames: String.camelToSnake,
  transformResultNames: String.snakeToCamel
}

/** To migrate over, with one more connection that holds the lock meanwhile. Nothing here has a time limit. */
export const maintenance = (server: DatabaseServer) =>
  PgClient.fromPool({
    ...options,
    acquire: poolOf({ ...server, pool: 2 }, {
      options: "-c statement_timeout=0",
      fallback_application_name: "integrations-api maintenance"
    })
  }).pipe(Effect.provide(Reactivity.layer))

const prepared = (server: DatabaseServer) => Effect.scoped(Effect.flatMap(maintenance(server), prepare))

type PostgresLayer = Layer.Layer<SqlClient.SqlClient, DatabaseRefused>

const refusing = <A, E>(server: DatabaseServer, layer: Layer.Layer<A, E>): Layer.Layer<A, DatabaseRefused> =>
  Layer.catchAllCause(layer, (cause) => Layer.failCause(refusedAs(server, cause)))

/** The database at the URL as it is. `onPool` is told of the pool that its connections come from. */
export const layerPrepared = (server: DatabaseServer, onPool: (pool: Pool) => void = () => {}): PostgresLayer =>
  refusing(
    server,
    PgClient.layerFromPool({
      ...options,
      acquire: Effect.tap(
        poolOf(server, { statement_timeout: Math.ceil(Duration.toMillis(server.statementTimeout)) }),
        (pool) => Effect.sync(() => onPool(pool))
      )
    })
  )

/** The database at the URL, its schema up to date. What keeps it from being used is a `DatabaseRefused`. */
export const layerServer = (server: DatabaseServer): PostgresLayer =>
  Layer.provide(layerPrepared(server), refusing(server, Layer.effectDiscard(prepared(server))))
