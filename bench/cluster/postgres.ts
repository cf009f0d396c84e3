import { Reactivity } from "@effect/experimental"
import { NodeContext } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Option, Redacted } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { copyToPostgres } from "../../src/persistence/copy/copy.ts"
import { serverAt } from "../../src/persistence/location.ts"
import { findBinaries } from "../../test/postgres/binaries.ts"
import { startServer } from "../../test/postgres/server.ts"
import { BenchFailed } from "../processes.ts"

/** What happens to processes under the machine's clock, in its own unit: 10 ms. */
const tickMs = 10

const statOf = (pid: number | string): ReadonlyArray<string> => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // What comes after the name, which may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return []
  }
}

/** User and system time of a process; with `ended`, of its children that have ended too. */
const cpuOf = (stat: ReadonlyArray<string>, ended: boolean) =>
  stat.slice(11, ended ? 15 : 13).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs

const cpuOfFamily = (parent: number): number =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(statOf)
    .filter(([, ppid]) => ppid === String(parent))
    .reduce((sum, stat) => sum + cpuOf(stat, false), cpuOf(statOf(parent), true))

const failed = (doing: string) => (cause: unknown) => new BenchFailed({ message: `${doing}: ${String(cause)}` })

/** A server that writes to its disk as an installation's does, until the scope ends. */
export const postgres = Effect.gen(function*() {
  const server = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => findBinaries().then((found) => startServer(found, "durable")),
      catch: failed("PostgreSQL does not start")
    }),
    (server) => Effect.promise(() => server.stop())
  )
  const urlOf = (database: string) => {
    const url = new URL(server.url)
    url.pathname = `/${database}`
    return Redacted.make(url.href)
  }

  /** Statements of the superuser's. */
  const tell = (database: string, ...statements: ReadonlyArray<string>) =>
    Effect.flatMap(
      PgClient.make({ url: urlOf(database), maxConnections: 1 }),
      (sql) => Effect.forEach(statements, (statement) => sql.unsafe<Record<string, unknown>>(statement))
    ).pipe(Effect.scoped, Effect.provide(Reactivity.layer), Effect.mapError(failed("PostgreSQL refuses")))

  const [[lasting] = []] = yield* tell(
    "postgres",
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
  )
  const postmaster = Number(statOf(Number(lasting?.["pid"]))[1])

  /** A database with the rows of a file. */
  const copied = Effect.fnUntraced(function*(filename: string, database: string) {
    yield* tell("postgres", `CREATE DATABASE ${database}`)
    const target = Option.getOrThrow(serverAt(urlOf(database)))
    yield* copyToPostgres(filename, target).pipe(
      Effect.scoped,
      Effect.provide(NodeContext.layer),
      Effect.mapError(failed("The copy failed"))
    )
    yield* tell(database, "VACUUM ANALYZE")
  })

  /** Bytes that a database has, and that the server has ever written to its log. */
  const written = (database: string) =>
    Effect.map(
      tell(
        database,
        "SELECT pg_database_size(current_database()) AS size, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS log"
      ),
      ([rows = []]) => ({ size: Number(rows[0]?.["size"]), log: Number(rows[0]?.["log"]) })
    )

  return {
    urlOf,
    written,
    tell,
    copied,
    /** Another one with the same rows. */
    cloned: (from: string, to: string) => tell("postgres", `CREATE DATABASE ${to} TEMPLATE ${from}`),
    /** CPU time of all its processes; not a number where there is no /proc. */
    cpuMs: Effect.sync(() => process.platform === "linux" ? cpuOfFamily(postmaster) : Number.NaN)
  } as const
})

export type Postgres = Effect.Effect.Success<typeof postgres>
