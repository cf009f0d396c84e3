import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { Routing } from "../../src/alerts/Routing.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { heapUsed } from "../fakes/heap.ts"
import { acme, Memory } from "../fakes/Storage.ts"

describe("Routing under an organisation that changes its routes again and again", () => {
  it.effect("keeps no reading of them that is past", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      const routing = yield* Routing
      const route = { eventType: "deploy.*", channel: "slack", projectId: null, enabled: true }
      for (let n = 0; n < 200; n++) yield* repo.add(acme, { ...route, channelId: `C${n}` }, yield* DateTime.now)
      const changes = (count: number) =>
        Effect.repeatN(
          Effect.zipRight(routing.changed(acme), routing.matching(acme, { type: "deploy.done", projectId: null })),
          count - 1
        )
      yield* changes(20)
      const before = yield* heapUsed
      yield* changes(200)
      const grown = (yield* heapUsed) - before
      // 200 readings of 200 routes are some 25 MB.
      assert.isBelow(grown, 5_000_000)
    }).pipe(Effect.provide(Routing.Default.pipe(Layer.provideMerge(Memory)))), 60_000)
})
