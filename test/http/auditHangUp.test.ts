import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { at } from "./ask.ts"
import { aFewTurns, as, configuredOrg, Faked, newOrg } from "./service.ts"

const begun = Effect.runSync(Deferred.make<void>())

const Hanging = Layer.mock(PagerDuty, {
  acknowledge: () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
})

const entries = (orgId: string) =>
  Effect.map(as(orgId)("GET", "/api/audit"), ({ json }) => {
    const found = at(json, "entries")
    return Array.isArray(found)
      ? found.map((one) => `${at(one, "action")} ${at(one, "outcome")} ${at(one, "status")}`)
      : []
  })

/** The server hears of it when the network has brought it. */
const eventually = (orgId: string, count: number) =>
  Effect.repeat(Effect.zipRight(aFewTurns, entries(orgId)), { times: 100, until: (all) => all.length >= count })

layer(Faked({ pagerduty: Hanging }))("a caller who hangs up", (it) => {
  it.effect("leaves an entry of what was begun, and that nobody knows how it ended", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const asked = yield* Effect.fork(
        as(orgId)("POST", "/api/integrations/pagerduty/incidents/P1/acknowledge", { body: {} })
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(asked)
      const [latest] = yield* eventually(orgId, 4)
      assert.strictEqual(latest, "pagerduty.acknowledge INTERRUPTED 499")
    }))

  it.effect("of a write that goes on leaves an entry of how it ended: as many as there were effects", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const body = { eventType: "a", channel: "slack", channelId: "C" }
      const asked = yield* Effect.replicateEffect(Effect.fork(as(orgId)("POST", "/api/channel-routes", { body })), 20)
      yield* aFewTurns
      yield* Effect.forEach(asked, Fiber.interrupt, { concurrency: "unbounded" })
      yield* as(orgId)("POST", "/api/channel-routes", { body })
      yield* Effect.replicateEffect(aFewTurns, 20)
      const routes = at((yield* as(orgId)("GET", "/api/channel-routes")).json, "routes")
      const all = yield* entries(orgId)
      assert.isArray(routes)
      assert.lengthOf(all.filter((line) => line === "channelRoutes.create ok 201"), Object(routes).length)
    }))
})
