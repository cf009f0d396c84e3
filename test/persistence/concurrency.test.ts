import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect, Fiber, Option } from "effect"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { DeliveriesRepo, DeliveryRow } from "../../src/persistence/DeliveriesRepo.ts"
import { DeliveryLogRepo } from "../../src/persistence/DeliveryLogRepo.ts"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { EventRow, EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { RetentionRepo } from "../../src/persistence/RetentionRepo.ts"
import { databaseAnswersLater } from "../../src/persistence/TestDatabase.ts"
import { acme, Memory } from "../fakes/Storage.ts"

/*
 * What SQLite's single writer gives for nothing has to hold on PostgreSQL too, where each of these runs on a connection
 * of its own.
 */

const at = (ms: number) => DateTime.unsafeMake(ms)
const atOnce = <A, E, R>(count: number, make: (n: number) => Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: count }, (_, n) => make(n)), { concurrency: "unbounded" })
const counted = (count: number) => Array.from({ length: count }, (_, n) => n + 1)
const ascending = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)

/**
 * Does the second while the transaction that has done the first is still open: on a server it does not wait for that, and
 * leaves alone what is locked. A file has it wait.
 */
const during = <A, B>(first: Effect.Effect<A>, second: Effect.Effect<B>) =>
  Effect.gen(function*() {
    const events = yield* EventsRepo
    const done = yield* Deferred.make<void>()
    const goOn = yield* Deferred.make<void>()
    const one = yield* Effect.fork(events.transaction(
      first.pipe(Effect.tap(Deferred.succeed(done, undefined)), Effect.tap(Deferred.await(goOn)))
    ))
    yield* Deferred.await(done)
    const other = yield* Effect.fork(second)
    if (databaseAnswersLater()) yield* Fiber.await(other)
    yield* Deferred.succeed(goOn, undefined)
    return [yield* Fiber.join(one), yield* Fiber.join(other)] as const
  })

const event = (id: string, dedupKey = id) =>
  new EventRow({
    orgId: acme,
    id,
    source: "sentry",
    type: "sentry.issue.created",
    dedupKey,
    projectId: null,
    agentId: null,
    title: "t",
    text: null,
    url: null,
    severity: "error",
    state: "open",
    groupKey: null,
    body: "{}",
    dataPath: "data",
    occurredAt: at(0),
    receivedAt: at(0)
  })

const place = (channelId = "C1") => ({ orgId: acme, channel: "slack", channelId })

const delivery = (id: string, number: number, changes: Partial<DeliveryRow> = {}) =>
  new DeliveryRow({
    ...place(),
    id,
    eventId: "evt-1",
    eventType: "sentry.issue.created",
    routeNumber: 1,
    number,
    status: "pending",
    attemptCount: 0,
    nextAttemptAt: null,
    retryUntil: null,
    heldUntil: null,
    lastError: null,
    groupKey: null,
    state: "open",
    severity: "error",
    foldedInto: null,
    createdAt: at(0),
    deliveredAt: null,
    ...changes
  })

describe("at the same time", () => {
  it.effect("an event with the same dedup key is stored once, and all find it", () =>
    Effect.gen(function*() {
      const events = yield* EventsRepo
      const stored = yield* atOnce(20, (n) =>
        events.transaction(Effect.gen(function*() {
          const mine = yield* events.insert(event(`evt-${n}`, "same"))
          return { mine, found: yield* events.find(acme, "same") }
        })))
      const [first, ...others] = stored.flatMap(({ mine }) => Option.toArray(mine))
      deepStrictEqual(others, [])
      for (const { found } of stored) assert.strictEqual(Option.getOrThrow(found).id, first?.id)
    }).pipe(Effect.provide(Memory)))

  it.effect("a project gets one agent, and its inbox has no gap and no double", () =>
    Effect.gen(function*() {
      const agents = yield* AgentsRepo
      const events = yield* EventsRepo
      const ids = yield* atOnce(30, (n) =>
        events.transaction(Effect.gen(function*() {
          const id = yield* agents.assure(acme, "proj-001", `agent-${n}`, at(0))
          yield* events.insert(event(`evt-${n}`))
          yield* agents.give(acme, id, `evt-${n}`, at(0))
          return id
        })))
      assert.strictEqual(new Set(ids).size, 1)
      const [row, ...others] = yield* agents.list(acme)
      deepStrictEqual(others, [])
      assert.strictEqual(row?.lastNumber, 30)
    }).pipe(Effect.provide(Memory)))

  it.effect("destinations hand out each number once, whatever else their transactions take", () =>
    Effect.gen(function*() {
      const destinations = yield* DestinationsRepo
      const events = yield* EventsRepo
      const channels = ["C1", "C2", "C3"]
      const taken = yield* atOnce(
        40,
        () => events.transaction(Effect.forEach(channels, (id) => destinations.takeNumber(place(id), at(0))))
      )
      for (const index of channels.keys()) {
        deepStrictEqual(ascending(taken.map((numbers) => numbers[index] ?? 0)), counted(40))
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("a route that is added, changed and moved loses none of it", () =>
    Effect.gen(function*() {
      const routes = yield* ChannelRoutesRepo
      const route = { eventType: "*", channel: "slack", channelId: "C0", projectId: null, enabled: true }
      const added = yield* atOnce(30, () => routes.add(acme, route, at(0)))
      deepStrictEqual(ascending(added.map(({ number }) => number)), counted(30))
      yield* Effect.all([
        ...counted(30).map((number) => routes.change(acme, number, { enabled: false })),
        ...counted(30).map((number) => routes.change(acme, number, { projectId: "proj-001" })),
        routes.move(acme, "slack", "C0", "C9")
      ], { concurrency: "unbounded" })
      const now = yield* routes.list(acme)
      deepStrictEqual(
        new Set(now.map(({ channelId, enabled, projectId }) => JSON.stringify([channelId, enabled, projectId]))),
        new Set([JSON.stringify(["C9", false, "proj-001"])])
      )
    }).pipe(Effect.provide(Memory)))

  it.effect("an attempt has one sender", () =>
    Effect.gen(function*() {
      const deliveries = yield* DeliveriesRepo
      const events = yield* EventsRepo
      const row = delivery("dlv-1", 1)
      yield* deliveries.insert(row)
      const claim = { retryUntil: at(1000), again: at(100) }
      const got = yield* atOnce(15, () => events.transaction(deliveries.claim(row, claim)))
      deepStrictEqual(got.filter((mine) => mine).length, 1)
    }).pipe(Effect.provide(Memory)))

  it.effect("what is due is taken by one sweep, and nothing is left", () =>
    Effect.gen(function*() {
      const destinations = yield* DestinationsRepo
      yield* Effect.forEach(counted(60), (n) => destinations.takeNumber(place(`C${n}`), at(n)))
      const sweep = (limit: number) => destinations.takeDue(at(100), at(1000), limit)
      const [first, second] = yield* during(sweep(10), sweep(10))
      const taken = [...first, ...second, ...(yield* atOnce(6, () => sweep(5))).flat(), ...(yield* sweep(100))]
      assert.strictEqual(first.length, 10)
      assert.strictEqual(taken.length, 60)
      assert.strictEqual(new Set(taken.map(({ channelId }) => channelId)).size, 60)
    }).pipe(Effect.provide(Memory)))

  it.effect("sync times of the same integrations are kept in whatever order they come", () =>
    Effect.gen(function*() {
      const integrations = yield* IntegrationsRepo
      const names = ["linear", "pagerduty", "sentry"]
      yield* Effect.forEach(names, (integration) =>
        integrations.put({ orgId: acme, integration, keyId: "k", sealed: "s", configuredAt: at(0) }))
      yield* atOnce(20, (n) =>
        integrations.recordSyncs(
          (n % 2 === 0 ? names : names.toReversed()).map((integration) => ({ orgId: acme, integration, at: at(n) }))
        ))
      for (const { lastSync } of yield* integrations.list(acme)) {
        deepStrictEqual(lastSync, at(19))
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("retention leaves alone what is put into its queue again", () =>
    Effect.gen(function*() {
      const deliveries = yield* DeliveriesRepo
      const log = yield* DeliveryLogRepo
      const retention = yield* RetentionRepo
      for (const n of [1, 2]) yield* deliveries.insert(delivery(`dlv-${n}`, n, { status: "dead" }))
      const [, pruned] = yield* during(log.retry(acme, "dlv-1"), retention.deliveries(at(1), 10))
      assert.strictEqual(pruned, 1)
      const [first, second] = yield* Effect.forEach(["dlv-1", "dlv-2"], (id) => log.find(acme, id))
      assert.strictEqual(Option.getOrThrow(first ?? Option.none()).status, "pending")
      deepStrictEqual(second, Option.none())
    }).pipe(Effect.provide(Memory)))
})
