import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Layer, Option, TestClock } from "effect"
import { Queue } from "../../src/alerts/Queue.ts"
import { TestFire } from "../../src/alerts/TestFire.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"
import { at, place, rows, Woken, woken } from "./deliveryLog.ts"

const Live = TestFire.Default.pipe(
  Layer.provide(Queue.Default),
  Layer.provideMerge(Woken.layer),
  Layer.provideMerge(Memory)
)

const add = (changes: { readonly channelId?: string; readonly projectId?: string; readonly enabled?: boolean } = {}) =>
  Effect.gen(function*() {
    const route = { eventType: "sentry.*", channel: "slack", channelId: "C1", projectId: null, enabled: true }
    yield* (yield* ChannelRoutesRepo).add(acme, { ...route, ...changes }, yield* DateTime.now)
  })

const fire = (number: number, orgId = acme) => Effect.flatMap(TestFire, (testFire) => testFire.fire(orgId, number))

const eventOf = (id: string) =>
  Effect.flatMap(EventsRepo, (events) => Effect.map(events.byId(acme, id), Option.getOrThrow))

describe("a test-fire", () => {
  it.effect("queues one marked event for the route's destination and wakes it", () =>
    Effect.gen(function*() {
      yield* add({ channelId: "C0" })
      yield* add({ projectId: "proj-001" })
      yield* TestClock.adjust("1 minute")
      const row = yield* fire(2)
      deepStrictEqual(
        [row.orgId, row.channel, row.channelId, row.routeNumber, row.eventType, row.status, row.groupKey],
        [acme, "slack", "C1", 2, "route.test", "pending", null]
      )
      assert.lengthOf(yield* rows, 1)
      const event = yield* eventOf(row.eventId)
      deepStrictEqual({ ...event, id: "", dedupKey: "", trace: null }, {
        orgId: acme,
        id: "",
        source: "test",
        type: "route.test",
        dedupKey: "",
        projectId: "proj-001",
        agentId: null,
        title: "Test of route-002",
        text: "org-acme-corp tries route-002 out: nothing has happened. The route sends sentry.* of proj-001 here.",
        url: null,
        severity: "info",
        state: "open",
        groupKey: null,
        body: "{}",
        dataPath: "",
        occurredAt: at(60_000),
        receivedAt: at(60_000),
        trace: null
      })
      const destination = Option.getOrThrow(yield* (yield* DestinationsRepo).find(place("C1")))
      deepStrictEqual(destination.dueAt, at(60_000))
      deepStrictEqual(yield* woken, [place("C1")])
    }).pipe(Effect.provide(Live)))

  it.effect("is another message each time, at the same moment too", () =>
    Effect.gen(function*() {
      yield* add()
      const all = yield* Effect.all(Array.from({ length: 20 }, () => fire(1)), { concurrency: "unbounded" })
      assert.strictEqual(new Set(all.map(({ eventId }) => eventId)).size, 20)
      assert.strictEqual(new Set(all.map(({ number }) => number)).size, 20)
    }).pipe(Effect.provide(Live)))

  it.effect("works for a route that is switched off, and says so", () =>
    Effect.gen(function*() {
      yield* add({ enabled: false })
      const { eventId } = yield* fire(1)
      assert.include((yield* eventOf(eventId)).text ?? "", "switched off")
    }).pipe(Effect.provide(Live)))

  it.effect("of an unknown route or another organisation's stores nothing", () =>
    Effect.gen(function*() {
      yield* add()
      for (const attempt of [fire(2), fire(1, globex), fire(0)]) {
        assert.strictEqual((yield* Effect.flip(attempt))._tag, "RouteNotFound")
      }
      const sql = yield* SqlClient.SqlClient
      deepStrictEqual([...(yield* rows), ...(yield* sql`SELECT * FROM events`)], [])
      deepStrictEqual(yield* woken, [])
    }).pipe(Effect.provide(Live)))

  it.effect("leaves no event behind when its delivery cannot be stored", () =>
    Effect.gen(function*() {
      yield* add()
      const sql = yield* SqlClient.SqlClient
      yield* fullDisk("deliveries", "INSERT")
      assert.strictEqual((yield* Effect.exit(fire(1)))._tag, "Failure")
      deepStrictEqual(yield* sql`SELECT * FROM events`, [])
      deepStrictEqual(yield* woken, [])
    }).pipe(Effect.provide(Live)))
})
