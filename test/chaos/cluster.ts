import { Array, Effect, Option, Random, Ref, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "../fakes/freePort.ts"
import { administer } from "../postgres/own.ts"
import type { Server } from "../postgres/server.ts"
import { type Child, makeChild } from "../processes/child.ts"
import type { Blow, Outage, Step } from "./plan.ts"

/** What has been done, and what came of it. */
export interface Counts {
  readonly kills: number
  readonly stops: number
  readonly restarts: number
  readonly halts: number
  readonly cuts: number
  /** How processes ended that were told to, where that was not with 0, though the database was there all the time. */
  readonly badEnds: ReadonlyArray<string>
  /** How many of them ended otherwise while the database was away: they may have had something to note. */
  readonly endsWithoutDatabase: number
  readonly longestEndMs: number
}

/** How long after an outage its consequences may last: as long as connections are waited for, several times. */
const aftermathMs = 30_000

const none: Counts = {
  kills: 0,
  stops: 0,
  restarts: 0,
  halts: 0,
  cuts: 0,
  badEnds: [],
  endsWithoutDatabase: 0,
  longestEndMs: 0
}

/** How far the last process's clock is ahead of the others'. */
const aheadMs = 60_000
const ahead = fileURLToPath(new URL("ahead.mjs", import.meta.url))

export const nowMs = Effect.sync(() => Date.now())

/** Processes over one database, the last of which has a clock of its own. Their logs are in `directory`. */
export const makeCluster = Effect.fnUntraced(function*(
  server: Server,
  size: number,
  directory: string,
  environment: Readonly<Record<string, string>>
) {
  const database = "chaos"
  const url = new URL(server.url)
  url.pathname = `/${database}`
  yield* administer(server.url, `CREATE DATABASE ${database}`)
  const keys = `k1:${randomBytes(32).toString("base64")}`
  const counts = yield* Ref.make(none)
  const disturbedUntil = yield* Ref.make(0)
  const disturbed = Effect.flatMap(nowMs, (now) => Ref.set(disturbedUntil, now + aftermathMs))
  const count = (what: "kills" | "stops" | "halts" | "cuts") =>
    Ref.update(counts, (all) => ({ ...all, [what]: all[what] + 1 }))

  const members = yield* Effect.forEach(Array.range(1, size), (n) =>
    Effect.gen(function*() {
      const port = yield* freePort
      const clusterPort = yield* freePort
      const child = yield* makeChild(
        {
          DATABASE_URL: url.href,
          ENCRYPTION_KEYS: keys,
          CLUSTER_PORT: String(clusterPort),
          ...environment,
          ...(n === size ? { NODE_OPTIONS: `--import=${ahead}`, CLOCK_AHEAD_MS: String(aheadMs) } : {})
        },
        port,
        { log: join(directory, `process-${n}.log`) }
      )
      return { ...child, address: `127.0.0.1:${clusterPort}` }
    }))

  /** Whoever looks after it starts it again when it ends because the database is away. */
  const start = (child: Child) =>
    Effect.retry(child.start, Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(60)))

  const end = Effect.fnUntraced(function*(child: Child) {
    const from = yield* nowMs
    const code = yield* child.end
    const tookMs = (yield* nowMs) - from
    const well = Option.exists(code, (one) => one === 0)
    const excused = (yield* Ref.get(disturbedUntil)) > from
    yield* Ref.update(counts, (all) => ({
      ...all,
      restarts: all.restarts + 1,
      badEnds: well || excused
        ? all.badEnds
        : [...all.badEnds, Option.match(code, { onNone: () => "by a signal", onSome: String })],
      endsWithoutDatabase: all.endsWithoutDatabase + (!well && excused ? 1 : 0),
      longestEndMs: Math.max(all.longestEndMs, tookMs)
    }))
  })

  const strike = (child: Child, blow: Blow) => {
    switch (blow._tag) {
      case "Kill":
        return child.kill.pipe(
          Effect.zipRight(count("kills")),
          Effect.zipRight(Effect.sleep(blow.downMs)),
          Effect.zipRight(start(child))
        )
      case "Stop":
        return child.stop.pipe(
          Effect.zipRight(count("stops")),
          Effect.zipRight(Effect.sleep(blow.forMs)),
          Effect.zipRight(child.resume)
        )
      case "Restart":
        return Effect.zipRight(end(child), start(child))
    }
  }

  const cutOff = administer(
    server.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`
  )

  const fail = (outage: Outage) => {
    switch (outage._tag) {
      case "Halt":
        return disturbed.pipe(
          Effect.zipRight(Effect.promise(outage.mode === "fast" ? server.shutDown : server.halt)),
          Effect.zipRight(count("halts")),
          Effect.zipRight(Effect.sleep(outage.downMs)),
          Effect.zipRight(Effect.promise(server.resume)),
          Effect.zipRight(disturbed)
        )
      case "Cut":
        return disturbed.pipe(Effect.zipRight(cutOff), Effect.zipRight(count("cuts")))
    }
  }

  /** One step after the other. */
  const follow = <A, E, R>(steps: ReadonlyArray<Step<A>>, one: (what: A) => Effect.Effect<unknown, E, R>) =>
    Effect.forEach(steps, ({ afterMs, what }) => Effect.delay(one(what), afterMs), { discard: true })

  /** How many shards somebody holds. */
  const shardsOf = (condition: string) =>
    administer(
      url.href,
      `SELECT COUNT(*)::int AS shards FROM cluster_locks WHERE acquired_at > NOW() - INTERVAL '15 seconds' AND ${condition}`
    ).pipe(Effect.map(([rows]) => Number(rows?.[0]?.["shards"])))

  /** What became of the alerts with these names, for whoever looks for the reason. */
  const traceOf = (names: ReadonlyArray<string>) =>
    names.length === 0 ? Effect.succeed([]) : administer(
      url.href,
      `SELECT e.title, e.received_at, d.channel_id, d.number, d.status, d.attempt_count, d.last_error, d.delivered_at,
        (SELECT json_agg(json_build_array(a.number, a.at, a.outcome, a.error, a.latency_ms) ORDER BY a.number)
          FROM delivery_attempts a WHERE a.org_id = d.org_id AND a.delivery_id = d.id) AS attempts
      FROM events e LEFT JOIN deliveries d ON d.org_id = e.org_id AND d.event_id = e.id
      WHERE e.title IN (${names.map((name) => `'alert <${name}>'`).join(", ")}) ORDER BY d.channel_id, d.number`
    ).pipe(Effect.map((rows) => rows.flat()))

  return {
    traceOf,
    members,
    counts: Ref.get(counts),
    start,
    strike,
    fail,
    follow,
    /** Where the next request goes: to any of them, whatever has happened to it. */
    anyUrl: Random.choice(Array.map(members, ({ url }) => url)),
    shardsOf
  } as const
})
