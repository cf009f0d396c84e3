import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Layer, TestClock } from "effect"
import { Routing } from "../../src/alerts/Routing.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"

const Live = Routing.Default.pipe(Layer.provideMerge(Memory))

const event = { type: "deploy.finished", projectId: "proj-001" }

const add = (channelId: string, orgId = acme, eventType = "deploy.*") =>
  Effect.gen(function*() {
    const route = { eventType, channel: "slack", channelId, projectId: null, enabled: true }
    return yield* (yield* ChannelRoutesRepo).add(orgId, route, yield* DateTime.now)
  })

const matching = (orgId = acme) =>
  Effect.map(
    Effect.flatMap(Routing, (routing) => routing.matching(orgId, event)),
    (routes) => routes.map(({ channelId }) => channelId)
  )

const changed = (orgId = acme) => Effect.flatMap(Routing, (routing) => routing.changed(orgId))

describe("Routing", () => {
  it.effect("sees a change at once when it is told of it", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* matching(), [])
      yield* add("C1")
      yield* changed()
      deepStrictEqual(yield* matching(), ["C1"])
      yield* (yield* ChannelRoutesRepo).change(acme, 1, { enabled: false })
      yield* changed()
      deepStrictEqual(yield* matching(), [])
    }).pipe(Effect.provide(Live)))

  it.effect("sees another process's change within two seconds", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* matching(), [])
      yield* add("C1")
      yield* TestClock.adjust("2001 millis")
      deepStrictEqual(yield* matching(), ["C1"])
    }).pipe(Effect.provide(Live)))

  it.effect("does not ask the database for every event", () =>
    Effect.gen(function*() {
      yield* add("C1")
      deepStrictEqual(yield* matching(), ["C1"])
      yield* (yield* SqlClient.SqlClient)`DELETE FROM channel_routes`
      deepStrictEqual(yield* matching(), ["C1"])
    }).pipe(Effect.provide(Live)))

  it.effect("gives each organisation its own routes alone", () =>
    Effect.gen(function*() {
      yield* add("C1")
      yield* add("C2", globex)
      deepStrictEqual(yield* Effect.all([matching(), matching(globex)]), [["C1"], ["C2"]])
    }).pipe(Effect.provide(Live)))

  it.effect("explains each route, the oldest first", () =>
    Effect.gen(function*() {
      yield* add("C1")
      yield* add("C1")
      yield* add("C1", acme, "sentry.*")
      const explained = yield* (yield* Routing).explain(acme, event)
      deepStrictEqual(
        explained.map(({ miss, route }) => [route.number, miss]),
        [[1, null], [2, "same-destination"], [3, "event-type"]]
      )
    }).pipe(Effect.provide(Live)))
})
