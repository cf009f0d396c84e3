import Database from "better-sqlite3"
import { Array, Console, Effect, Redacted } from "effect"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import type { Ran, Run } from "../load/plan.ts"
import { BenchFailed, freePort } from "../processes.ts"
import { database, encryptionKeys } from "../seed/database.ts"
import { makeFiles } from "../seed/files.ts"
import { type Load, load, ours, type Place, service, type Vendors, vendors } from "../servers.ts"
import { type Spread, spread } from "../statistics.ts"
import { type Postgres, postgres } from "./postgres.ts"
import { seedMany, webhooksOfMany } from "./seed.ts"

export interface Extent {
  /** Each has databases and processes of its own. */
  readonly cycles: number
  readonly rounds: number
  readonly seconds: number
  readonly drained: number
  /** Enough for the compilers of all processes to have seen what is hot, but no longer than so many seconds. */
  readonly warmUp: { readonly requests: number; readonly seconds: number }
}

export const whole: Extent = {
  cycles: 2,
  rounds: 3,
  seconds: 3,
  drained: 10_000,
  warmUp: { requests: 6000, seconds: 20 }
}
export const quick: Extent = {
  cycles: 1,
  rounds: 1,
  seconds: 2,
  drained: 2000,
  warmUp: { requests: 2000, seconds: 8 }
}

/** One thing, done many times a second; what is written is for each. */
interface Sample extends Written {
  readonly rate: number
  /** CPU time of the processes, and of PostgreSQL's, for each. */
  readonly cpuUs: number
  readonly databaseCpuUs: number
}

interface Measure {
  readonly rate: Spread
  readonly cpuUs: number
  readonly databaseCpuUs: number
}

export interface Throughput {
  readonly on: "SQLite" | "PostgreSQL"
  readonly processes: number
  readonly webhooks: Measure & { readonly p50Ms: number; readonly p99Ms: number }
  readonly deliveries: Measure
  /** For each webhook. */
  readonly written: Written
}

/** All together, over however many processes. */
const connections = 48

/** A drain that takes longer is cut short: its rate is known by then. */
const patienceMs = 60_000

const shards = 300

/** Bytes: of tables and indexes, and of PostgreSQL's log, which replicas have to read. */
export interface Written {
  readonly size: number
  readonly log: number
}

const nothing: Written = { size: Number.NaN, log: Number.NaN }

/** Processes over one database, and what may be done to it. */
interface Deployment {
  readonly on: Throughput["on"]
  readonly servers: ReadonlyArray<Effect.Effect.Success<ReturnType<typeof service>>>
  readonly databaseCpuMs: Effect.Effect<number>
  readonly written: Effect.Effect<Written, BenchFailed>
  readonly makeDue: Effect.Effect<void, BenchFailed>
}

const due = (at: string) => `UPDATE destinations SET due_at = ${at}`

const overFile = (place: Place, vendors: Vendors, name: string, filename: string) =>
  Effect.gen(function*() {
    const execute = (statement: string) =>
      Effect.sync(() => {
        const db = new Database(filename, { timeout: 5000 })
        db.exec(statement)
        db.close()
      })
    yield* execute(due("NULL"))
    return {
      on: "SQLite",
      servers: [yield* ours(place, name, filename, vendors.url)],
      databaseCpuMs: Effect.succeed(0),
      written: Effect.succeed(nothing),
      makeDue: execute(due("'2026-03-21T14:00:00.000Z'"))
    } satisfies Deployment
  })

/** Each owns about as many shards as the others. */
const shared = (db: Postgres, name: string, processes: number) =>
  db.tell(name, "SELECT address, COUNT(*)::int AS shards FROM cluster_locks GROUP BY address").pipe(
    Effect.map(([rows = []]) => rows.map((row) => Number(row["shards"]))),
    Effect.delay("250 millis"),
    Effect.repeat({
      until: (owned) =>
        owned.length === processes && owned.reduce((sum, one) => sum + one, 0) === shards &&
        Math.min(...owned) > shards / processes / 2
    }),
    Effect.timeoutFail({
      duration: "90 seconds",
      onTimeout: () => new BenchFailed({ message: `${processes} processes have not shared the shards` })
    })
  )

const overPostgres = (place: Place, vendors: Vendors, db: Postgres, name: string, processes: number) =>
  Effect.gen(function*() {
    yield* db.tell(name, due("NULL"))
    const servers = yield* Effect.forEach(
      Array.range(1, processes),
      (n) =>
        Effect.flatMap(freePort, (clusterPort) =>
          service(place, `${name}_${n}`, {
            DATABASE_URL: Redacted.value(db.urlOf(name)),
            ENCRYPTION_KEYS: encryptionKeys,
            CLUSTER_PORT: String(clusterPort)
          }, vendors.url))
    )
    yield* shared(db, name, processes)
    return {
      on: "PostgreSQL",
      servers,
      databaseCpuMs: db.cpuMs,
      written: db.written(name),
      makeDue: Effect.asVoid(db.tell(name, due("'2026-03-21T14:00:00.000Z'")))
    } satisfies Deployment
  })

const cpuMs = ({ servers }: Deployment) =>
  Effect.map(
    Effect.forEach(servers, ({ usage }) => usage),
    (all) => all.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  )

/** What something costs, given how often it has happened and in how many seconds. */
const costing = <E, R, A extends { readonly times: number; readonly seconds: number }>(
  deployment: Deployment,
  effect: Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const state = Effect.all({
      own: cpuMs(deployment),
      database: deployment.databaseCpuMs,
      written: deployment.written
    })
    const before = yield* state
    const done = yield* effect
    const after = yield* state
    const sample: Sample = {
      rate: done.times / done.seconds,
      cpuUs: (after.own - before.own) * 1000 / done.times,
      databaseCpuUs: (after.database - before.database) * 1000 / done.times,
      size: (after.written.size - before.written.size) / done.times,
      log: (after.written.log - before.written.log) / done.times
    }
    return { ...done, ...sample }
  })

/** A load generator for each process. */
const webhooks = (loads: ReadonlyArray<Load>, { servers }: Deployment, seconds: number) =>
  Effect.forEach(Array.zip(servers, loads), ([{ name, url }, loader]) =>
    loader.ask<Ran>(
      { url, plan: webhooksOfMany, connections: Math.ceil(connections / servers.length), seconds } satisfies Run
    ).pipe(Effect.filterOrFail(({ failed }) =>
      failed.length === 0, ({ answered, failed }) =>
      new BenchFailed({ message: `${name}: ${answered} × 2xx, ${failed.join(", ")}` }))), {
    concurrency: "unbounded"
  }).pipe(Effect.map((all) => ({
    times: all.reduce((sum, { answered }) => sum + answered, 0),
    seconds: Math.max(...all.map((ran) => ran.seconds)),
    p50Ms: Math.max(...all.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...all.map(({ p99Ms }) => p99Ms))
  })))

const warm = (loads: ReadonlyArray<Load>, deployment: Deployment, { requests, seconds }: Extent["warmUp"]) =>
  Effect.iterate({ times: 0, seconds: 0 }, {
    while: (done) => done.times < requests && done.seconds < seconds,
    body: (done) =>
      Effect.map(webhooks(loads, deployment, 1), (ran) => ({
        times: done.times + ran.times,
        seconds: done.seconds + ran.seconds
      }))
  })

/** By the clock of whoever receives the messages. */
const drain = (vendors: Vendors, { makeDue }: Deployment, messages: number) =>
  Effect.gen(function*() {
    yield* vendors.reset
    yield* makeDue
    const begun = performance.now()
    const done = yield* Effect.iterate(yield* vendors.counts, {
      while: (counts) => counts.messages < messages && performance.now() - begun < patienceMs,
      body: () => Effect.delay(vendors.counts, "20 millis")
    })
    return { times: done.messages, seconds: done.messagesMs / 1000 }
  })

const measured = (samples: ReadonlyArray<Sample>): Measure => ({
  rate: spread(samples.map(({ rate }) => rate)),
  cpuUs: spread(samples.map(({ cpuUs }) => cpuUs)).median,
  databaseCpuUs: spread(samples.map(({ databaseCpuUs }) => databaseCpuUs)).median
})

/** Webhooks and deliveries a second on SQLite, and on PostgreSQL with one, two and three processes. */
export const throughput = (place: Place, extent: Extent) =>
  Effect.gen(function*() {
    const vendor = yield* vendors(place)
    const loads = yield* Effect.replicateEffect(load(place), 3)
    yield* Console.error("Seeding databases")
    const files = yield* makeFiles(place.directory, { history: 0, drained: extent.drained })
    const sources = { many: yield* files.copy("plain", "many"), drain: yield* files.copy("drain", "source") }
    yield* Effect.provide(seedMany, database(sources.many))
    const db = yield* postgres
    yield* db.copied(sources.many, "many")
    yield* db.copied(sources.drain, "drain")

    const deploy = {
      SQLite: (rows: keyof typeof sources, name: string) => {
        const filename = join(place.directory, `${name}.db`)
        copyFileSync(sources[rows], filename)
        return overFile(place, vendor, name, filename)
      },
      PostgreSQL: (rows: keyof typeof sources, name: string, processes: number) =>
        Effect.zipRight(db.cloned(rows, name), overPostgres(place, vendor, db, name, processes))
    }

    const once = Effect.fnUntraced(function*(on: Throughput["on"], processes: number, cycle: number) {
      const name = (rows: string) => `${on.toLowerCase()}_${processes}_${rows}_${cycle}`
      const stored = yield* Effect.scoped(Effect.gen(function*() {
        const deployment = yield* deploy[on]("many", name("many"), processes)
        yield* warm(loads, deployment, extent.warmUp)
        return yield* Effect.replicateEffect(
          costing(deployment, webhooks(loads, deployment, extent.seconds)),
          extent.rounds
        )
      }))
      const sent = yield* Effect.scoped(Effect.gen(function*() {
        const deployment = yield* deploy[on]("drain", name("drain"), processes)
        return yield* costing(deployment, drain(vendor, deployment, extent.drained))
      }))
      yield* Console.error(
        `  ${on}, ${processes}: ${stored.map(({ rate }) => Math.round(rate)).join(", ")} webhooks/s, ` +
          `${Math.round(sent.rate)} deliveries/s`
      )
      return { stored, sent }
    })

    const variants = [["SQLite", 1], ["PostgreSQL", 1], ["PostgreSQL", 2], ["PostgreSQL", 3]] as const
    const cycles = yield* Effect.forEach(Array.range(1, extent.cycles), (cycle) =>
      Effect.forEach(variants, ([on, processes]) => once(on, processes, cycle)))
    return variants.map(([on, processes], index): Throughput => {
      const own = cycles.flatMap((cycle) =>
        cycle[index] ?? []
      )
      const stored = own.flatMap((one) => one.stored)
      return {
        on,
        processes,
        webhooks: {
          ...measured(stored),
          p50Ms: spread(stored.map(({ p50Ms }) => p50Ms)).median,
          p99Ms: spread(stored.map(({ p99Ms }) => p99Ms)).median
        },
        deliveries: measured(own.map(({ sent }) => sent)),
        written: {
          size: spread(stored.map(({ size }) => size)).median,
          log: spread(stored.map(({ log }) => log)).median
        }
      }
    })
  }).pipe(Effect.scoped)
