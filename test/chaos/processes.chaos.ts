import { FetchHttpClient } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Config, Console, Effect, Fiber, Random, Ref, Schedule } from "effect"
import { temporary } from "../fakes/Storage.ts"
import { ownServer } from "../postgres/own.ts"
import { makeOrganisation, makeVendors, nameOf, type Place } from "../processes/organisation.ts"
import { makeCluster, nowMs } from "./cluster.ts"
import { judge, longestSilence } from "./judge.ts"
import { planOf } from "./plan.ts"

const settings = Config.all({
  /** The same blows again. */
  seed: Config.integer("CHAOS_SEED").pipe(Config.option),
  /** How long blows fall. */
  seconds: Config.integer("CHAOS_SECONDS").pipe(Config.withDefault(150)),
  /** Keeps the processes' logs, in this directory. */
  logs: Config.string("CHAOS_LOGS").pipe(Config.option)
})

const size = 3

/** Queues that are paced, and so are long after an outage; and queues that are short. */
const places: ReadonlyArray<Place> = [
  ...Array.makeBy(4, (n) => ({ channel: "slack", channelId: `C0CHAOS${n}`, project: `slack-${n}` } as const)),
  { channel: "telegram", channelId: "-1001234567890", project: "telegram-0" },
  ...Array.makeBy(7, (n) => ({ channel: "whatsapp", channelId: `1555000200${n}`, project: `whatsapp-${n}` } as const))
]
const busy = places.filter(({ channel }) => channel === "whatsapp")

/** Between two webhooks of one of the two streams of a project: its queue is to empty again. */
const pauses = { slack: 3000, telegram: 9000, whatsapp: 400 } as const

/** A webhook that is not answered in time is sent again, as vendors do. */
const patience = "4 seconds"

describe("processes over one PostgreSQL that are killed, stopped and cut off at random", () => {
  it.scopedLive("lose nothing, keep the order and the pace", () =>
    Effect.gen(function*() {
      const { logs, seconds, seed: given } = yield* settings
      const seed = yield* Effect.orElse(given, () => Random.nextIntBetween(1, 1_000_000))
      const plan = yield* planOf(seed, size, seconds * 1000)
      yield* Console.log(`CHAOS_SEED=${seed} CHAOS_SECONDS=${seconds}`)
      const server = yield* ownServer
      const vendors = yield* makeVendors(places)
      const directory = yield* Effect.orElse(logs, () => temporary)
      const cluster = yield* makeCluster(server, size, directory, vendors.environment)
      const organisation = yield* makeOrganisation(cluster.anyUrl)
      // At once, as a deployment starts them.
      yield* Effect.forEach(cluster.members, (one) => one.start, { concurrency: "unbounded" })
      yield* organisation.configure(places)

      const answered = new Map<string, number>()
      const unanswered = yield* Ref.make(0)
      /** Now and then one that was answered is sent again, to whichever process. */
      const send = (project: string, n: number) =>
        organisation.webhook(project, n, patience).pipe(
          Effect.tap((ok) => ok ? Effect.void : Ref.update(unanswered, (all) => all + 1)),
          Effect.filterOrFail((ok) => ok),
          Effect.retry(Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(2))),
          Effect.zipRight(nowMs),
          Effect.tap((atMs) => Effect.sync(() => answered.set(nameOf(project, n), atMs))),
          Effect.zipRight(Random.next),
          Effect.flatMap((random) => random < 0.1 ? organisation.webhook(project, n, patience) : Effect.void),
          Effect.ignore
        )
      const stream = ({ channel, project }: Place, offset: number) =>
        Effect.iterate(offset, {
          while: () => true,
          body: (n) => send(project, n).pipe(Effect.zipRight(Effect.sleep(pauses[channel])), Effect.as(n + 2))
        })
      const streams = yield* Effect.forEach(places.flatMap((place) => [0, 1].map((offset) => ({ place, offset }))), (
        { offset, place }
      ) => Effect.fork(stream(place, offset)))
      yield* Effect.sleep("5 seconds")

      // First one is killed while nothing else happens: how long its destinations wait.
      const victim = yield* Random.choice(cluster.members)
      const owned = yield* cluster.shardsOf(`address = '${victim.address}'`)
      const killedAt = yield* nowMs
      yield* victim.kill
      yield* cluster.shardsOf(`address <> '${victim.address}'`).pipe(
        Effect.repeat({ until: (shards) => shards === 300, schedule: Schedule.spaced("250 millis") }),
        Effect.timeout("60 seconds")
      )
      const movedMs = (yield* nowMs) - killedAt
      yield* Effect.sleep("10 seconds")
      const takeoverMs = longestSilence(yield* vendors.messages, busy, [killedAt, yield* nowMs])
      yield* Console.log(
        `Takeover after a SIGKILL: its ${owned} of 300 shards had other owners after ${movedMs} ms; ` +
          `the longest that a destination heard nothing: ${takeoverMs} ms`
      )
      yield* cluster.start(victim)

      yield* Effect.all([
        ...Array.zipWith(cluster.members, plan.processes, (child, steps) =>
          cluster.follow(steps, (blow) =>
            cluster.strike(child, blow))),
        cluster.follow(plan.database, cluster.fail)
      ], { concurrency: "unbounded", discard: true })
      yield* Effect.forEach(streams, Fiber.interrupt, { concurrency: "unbounded", discard: true })
      const from = yield* nowMs
      // What was on its way to a process that was stopped is stored when that one goes on.
      yield* Effect.sleep("10 seconds")
      yield* organisation.drained(600)
      const drainedMs = (yield* nowMs) - from

      const { broken, figures, repeated } = judge({
        places,
        answered,
        inboxes: yield* organisation.inboxes,
        messages: yield* vendors.messages
      })
      const { badEnds, cuts, endsWithoutDatabase, halts, kills, longestEndMs, restarts, stops } = yield* cluster.counts
      yield* Console.log(
        `${kills} kills, ${stops} stops, ${restarts} restarts (the longest ${longestEndMs} ms; ` +
          `${endsWithoutDatabase} did not end with 0, all while the database was away), ` +
          `PostgreSQL restarted ${halts} times and cut off ${cuts} times\n` +
          `${figures.answered} webhooks answered 200, ${yield* Ref.get(unanswered)} tries that were not; ` +
          `${figures.incidents} incidents; ${figures.messages} messages, of which ${figures.duplicates} duplicates, ` +
          `${figures.reorderedByDuplicates} of them out of order, ${figures.tooFastByDuplicates} too fast\n` +
          `From the answer to a channel without a pace: p50 ${figures.latenessMs.p50} ms, p99 ` +
          `${figures.latenessMs.p99} ms, longest ${figures.latenessMs.longest} ms; drained ${drainedMs} ms after the last`
      )

      yield* Console.log(`Arrived more than once: ${
        repeated.map(([name, times]) => `${name} × ${times}`).join(", ")
      }`)
      const lost = yield* cluster.traceOf([...broken.notOnceInInbox, ...broken.notDelivered])
      for (const row of lost) yield* Console.log(JSON.stringify(row))
      deepStrictEqual(broken, {
        notOnceInInbox: [],
        twiceInInbox: [],
        notDelivered: [],
        elsewhere: [],
        outOfOrder: [],
        tooFast: []
      })
      deepStrictEqual(yield* organisation.deliveries("failed,dead"), [])
      deepStrictEqual(badEnds, [], "ended with 0")
      assert.isBelow(takeoverMs, 60_000)
      // For each blow each destination may be told once more.
      assert.isAtMost(figures.duplicates, (kills + stops + halts + cuts) * places.length)
      assert.isAbove(figures.answered, seconds)
    }).pipe(Effect.provide([FetchHttpClient.layer, NodeContext.layer])))
})
