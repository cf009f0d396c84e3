import { Reactivity } from "@effect/experimental"
import type { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Config, ConfigProvider, Duration, Effect, Layer, Option, Redacted, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { Pool } from "pg"
import type { DatabaseServer } from "./location.ts"
import { layerPrepared, layerServer } from "./postgres/Postgres.ts"
import { layerMemory } from "./Sql.ts"

/** The same server, another database. */
const databaseOf = (url: Redacted.Redacted, database: string): DatabaseServer => {
  const at = new URL(Redacted.value(url))
  at.pathname = `/${database}`
  return {
    url: Redacted.make(at.href),
    pool: 10,
    statementTimeout: Duration.seconds(30),
    connectTimeout: Duration.seconds(10)
  }
}

const pools = new Set<Pool>()

/** Whether there is something to wait for at all. */
export const databaseAnswersLater = (): boolean => pools.size > 0

/** Whether a query is under way. In memory none ever is when anybody can ask. */
export const databaseIsBusy = (): boolean =>
  [...pools].some(({ idleCount, totalCount, waitingCount }) => totalCount > idleCount || waitingCount > 0)

/** A connection to the database that the URL names, from which others are made. */
const maintenance = (url: Redacted.Redacted) =>
  PgClient.make({ url, maxConnections: 1 }).pipe(Effect.provide(Reactivity.layer), Effect.orDie)

/** Without a checkpoint's worth of log; older servers copy files anyway. */
const copyOf = (sql: PgClient.PgClient, template: string) =>
  Effect.map(
    sql<{ version: string }>`SELECT current_setting('server_version_num') AS version`,
    ([row]) => sql`TEMPLATE ${sql(template)} ${sql.literal(Number(row?.version) < 150_000 ? "" : "STRATEGY file_copy")}`
  )

/** A database on the server, made for the layer and gone with it: a copy of `template`, or brought up to date. */
const ownDatabase = (url: Redacted.Redacted, template: Option.Option<string>) =>
  Effect.gen(function*() {
    const sql = yield* maintenance(url)
    const suffix = yield* Effect.sync(() => randomBytes(6).toString("hex"))
    const name = `${Option.getOrElse(template, () => "integrations_test")}_${suffix}`
    const likeness = yield* Option.match(template, {
      onNone: () => Effect.succeed(sql.literal("")),
      onSome: (template) => copyOf(sql, template)
    })
    yield* Effect.acquireRelease(
      sql`CREATE DATABASE ${sql(name)} ${likeness}`,
      () => Effect.orDie(sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
    )
    const server = databaseOf(url, name)
    return Option.isSome(template) ? layerPrepared(server, (pool) => void pools.add(pool)) : layerServer(server)
  }).pipe(Effect.orDie)

/** A database that `layerTest` copies: quicker than to migrate each anew. */
export const makeTemplate = (url: Redacted.Redacted, template: string) =>
  Effect.gen(function*() {
    const sql = yield* maintenance(url)
    yield* sql`CREATE DATABASE ${sql(template)}`
    yield* Layer.build(layerServer(databaseOf(url, template)))
  }).pipe(Effect.scoped)

/** The template, and its copies that a test has not dropped because it was killed. */
export const dropDatabases = (url: Redacted.Redacted, template: string) =>
  Effect.gen(function*() {
    const sql = yield* maintenance(url)
    const made = yield* sql<
      { datname: string }
    >`SELECT datname FROM pg_database WHERE starts_with(datname, ${template})`
    yield* Effect.forEach(made, ({ datname }) => sql`DROP DATABASE IF EXISTS ${sql(datname)} WITH (FORCE)`)
  }).pipe(Effect.scoped)

type Failure = Layer.Layer.Error<typeof layerMemory | ReturnType<typeof layerServer | typeof layerPrepared>>

/** The process's own environment, whatever configuration a test gives the service. */
const chosen = Config.literal("sqlite", "postgres")("TEST_DATABASE").pipe(
  Config.withDefault("sqlite"),
  Effect.flatMap((kind) =>
    kind === "sqlite" ? Effect.succeedNone : Effect.asSome(Config.all({
      url: Config.redacted("TEST_DATABASE_URL"),
      template: Config.option(Config.string("TEST_DATABASE_TEMPLATE"))
    }))
  ),
  Effect.withConfigProvider(ConfigProvider.fromEnv())
)

/**
 * A new database for each test, gone with it: in memory, or where `TEST_DATABASE` is `postgres`, on the server that
 * `TEST_DATABASE_URL` names by one of its databases, whose user may create others.
 */
export const layerTest = Layer.unwrapScoped(
  Effect.flatMap(chosen, (server): Effect.Effect<
    Layer.Layer<SqlClient.SqlClient, Failure, Layer.Layer.Context<typeof layerMemory>>,
    never,
    Scope.Scope
  > =>
    Option.match(server, {
      onNone: () => Effect.succeed(layerMemory),
      onSome: ({ template, url }) => ownDatabase(url, template)
    }))
)
