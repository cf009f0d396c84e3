import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { OneProcess } from "../../src/alerts/Cluster.ts"
import { DestinationsLive } from "../../src/alerts/DestinationEntity.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { accept, deliveries, pass, pipeline, route } from "./pipeline.ts"

/** Owners as in production: sharded entities of a cluster of one process. */
const clustered = pipeline({ dispatch: Layer.orDie(Layer.provide(DestinationsLive, OneProcess)) })

const arrived = Effect.flatMap(Notifications, (notifications) => notifications.arrived)

describe("the cluster of one process", () => {
  it.effect("sends to many destinations, to each in order and one at a time", () =>
    Effect.gen(function*() {
      const channels = Array.from({ length: 20 }, (_, index) => `C${index}`)
      for (const channelId of channels) yield* route(channelId)
      const { react } = yield* Notifications
      yield* react(() => Effect.delay(Effect.succeed({ pauseMs: 0 }), "20 millis"))
      const wanted = Array.from({ length: 10 }, (_, index) => `n${index}`)
      for (const title of wanted) yield* accept({ title })
      yield* pass(8)
      for (const channelId of channels) {
        deepStrictEqual(
          (yield* arrived).filter((seen) => seen.channelId === channelId).map(({ title }) => title),
          wanted
        )
      }
      assert.isTrue((yield* deliveries).every(({ status }) => status === "delivered"))
      assert.strictEqual(yield* Effect.flatMap(Notifications, ({ mostAtOnce }) => mostAtOnce), 1)
    }).pipe(Effect.provide(clustered)))

  it.effect("wakes an owner again after it has been idle", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* accept({ title: "One" })
      yield* pass(2)
      yield* pass(180, 10)
      yield* accept({ title: "Two" })
      yield* pass(2)
      deepStrictEqual((yield* arrived).map(({ title }) => title), ["One", "Two"])
    }).pipe(Effect.provide(clustered)))
})
