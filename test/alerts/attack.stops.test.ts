import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, DateTime, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { OneProcess } from "../../src/alerts/Cluster.ts"
import { DestinationsLive } from "../../src/alerts/DestinationEntity.ts"
import { Fence } from "../../src/alerts/Fence.ts"
import { Intake } from "../../src/alerts/Intake.ts"
import { AlertsLive, SenderLive } from "../../src/alerts/live.ts"
import { Routing } from "../../src/alerts/Routing.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { freeDisk, fullDisk } from "../fakes/fullDisk.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { acme, environment, Memory } from "../fakes/Storage.ts"
import { mortal, react, sent, titles } from "./attackLives.ts"
import { accept, deliveries, event, pass, pipeline, route, settle } from "./pipeline.ts"

const configure = Effect.gen(function*() {
  const integrations = yield* IntegrationsRepo
  const configuredAt = yield* DateTime.now
  yield* integrations.put({ orgId: acme, integration: "slack", keyId: "k", sealed: "s", configuredAt })
})

const statuses = Effect.map(deliveries, (rows) => rows.map(({ status }) => status))

describe("a process that ends", () => {
  it.effect("while it sends what had waited for a config leaves nothing behind that nobody sends", () => {
    const { kill, layer } = mortal()
    return Effect.gen(function*() {
      yield* route("C1")
      for (const title of ["One", "Two", "Three"]) yield* accept({ title })
      yield* pass(10, 5)
      yield* react((_, n) => n === 0 ? Effect.succeed({ pauseMs: 0 }) : Effect.never)
      yield* configure
      yield* pass(10, 5)
      deepStrictEqual(yield* titles, ["One"])
      yield* kill
      yield* react(() => Effect.succeed({ pauseMs: 0 }))
      yield* pass(120, 5)
      deepStrictEqual(yield* titles, ["One", "Two", "Three"])
    }).pipe(Effect.provide(pipeline({ configured: false, dispatch: layer })))
  })

  it.effect("by itself ends as soon as what is being sent has ended and is noted, however much waits", () => {
    const life = AlertsLive.pipe(
      Layer.provide(Layer.provide(DestinationsLive, OneProcess)),
      Layer.provide(SenderLive),
      Layer.provide(Fence.open),
      Layer.provide(environment({})),
      Layer.orDie
    )
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { accept } = Context.get(yield* Layer.buildWithScope(life, scope), Intake)
      for (const channelId of ["C1", "C2"]) yield* route(channelId)
      yield* pass(3)
      const answered = yield* Deferred.make<void>()
      yield* react(({ channelId }) =>
        channelId === "C1" ? Effect.as(Deferred.await(answered), { pauseMs: 1000 }) : Effect.succeed({ pauseMs: 4000 })
      )
      for (const title of ["One", "Two", "Three"]) yield* accept(acme, event({ title }))
      yield* settle
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* settle
      assert.isNull(closing.unsafePoll())
      yield* Deferred.succeed(answered, undefined)
      yield* settle
      assert.isNotNull(closing.unsafePoll())
      yield* Fiber.join(closing)
      deepStrictEqual((yield* sent).map(({ channelId, title }) => [channelId, title]).toSorted(), [["C1", "One"], [
        "C2",
        "One"
      ]])
      deepStrictEqual(yield* statuses, ["delivered", "pending", "pending", "delivered", "pending", "pending"])
    }).pipe(
      Effect.provide(Layer.provideMerge(Layer.merge(Routing.Default, Notifications.layer()), Memory))
    )
  })
})

describe("a database that does not take what became of a message", () => {
  it.effect("has it sent again later and later, and no oftener for what comes meanwhile", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* fullDisk("deliveries", "UPDATE", "NEW.status = 'delivered'")
      for (let n = 0; n < 60; n++) {
        yield* accept({ title: `n${n}` })
        yield* pass(5)
      }
      assert.isAtMost((yield* sent).length, 9)
      yield* freeDisk("deliveries")
      yield* pass(600, 10)
      assert.strictEqual(new Set(yield* titles).size, 60)
      assert.isTrue((yield* statuses).every((status) => status === "delivered"))
    }).pipe(Effect.provide(pipeline())))

  it.effect("an event that cannot be read costs attempts like any other failure", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* route("C1")
      yield* react(() => Effect.succeed({ pauseMs: 0 }))
      const { eventId } = yield* accept({ title: "broken" })
      yield* sql`UPDATE events SET severity = 'odd' WHERE id = ${eventId}`
      yield* pass(300, 5)
      const attempts = yield* sql`SELECT outcome, error FROM delivery_attempts`
      assert.isAtLeast(attempts.length, 4)
      assert.isAtMost(attempts.length, 10)
      deepStrictEqual({ ...attempts[0] }, { outcome: "failed", error: "Internal error" })
    }).pipe(Effect.provide(pipeline())))
})
