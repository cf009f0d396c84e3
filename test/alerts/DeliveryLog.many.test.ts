import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck, Fiber, Layer } from "effect"
import { DeliveryLog } from "../../src/alerts/DeliveryLog.ts"
import { Dispatch } from "../../src/alerts/Dispatch.ts"
import type { Queue } from "../../src/alerts/Queue.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { anyDelivery, anyFilter, fits, Live, place, put, putAll, putMany, rows, woken } from "./deliveryLog.ts"

const retryAll = (...statuses: ReadonlyArray<"failed" | "dead" | "pending">) =>
  Effect.flatMap(DeliveryLog, (log) => log.retryAll(acme, { statuses }))

/** As long as a request that comes in has to wait. */
const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

describe("a retry of many", () => {
  it.effect("takes all of them in batches, and wakes their destinations once for each batch", () =>
    Effect.gen(function*() {
      const channelIds = ["C1", "C2", "C3"]
      for (const channelId of channelIds) yield* putMany(401, channelId)
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE deliveries SET status = 'dead' WHERE number % 2 = 0`
      yield* put({ orgId: globex, channelId: "C9" })
      assert.strictEqual(yield* retryAll("failed", "dead"), 1203)
      const left = (yield* rows).filter(({ status }) => status !== "pending")
      deepStrictEqual(left.map(({ orgId }) => orgId), [globex])
      deepStrictEqual(yield* woken, ["C1", "C2", "C2", "C3", "C3"].map((channelId) => place(channelId)))
      assert.strictEqual(yield* retryAll("failed", "dead"), 0)
    }).pipe(Effect.provide(Live)))

  it.effect("lets what comes in meanwhile at the database between its batches", () =>
    Effect.gen(function*() {
      yield* putMany(1500)
      const sql = yield* SqlClient.SqlClient
      const failed = sql.withTransaction(
        sql<{ n: number }>`SELECT COUNT(*) AS n FROM deliveries WHERE status = 'failed'`
      )
      const look = Effect.zipRight(turn, Effect.map(failed, ([row]) => row?.n ?? 0))
      const looking = yield* Effect.fork(Effect.repeat(look, { until: (left) => left < 1500 }))
      yield* retryAll("failed")
      assert.isAbove(yield* Fiber.join(looking), 0)
    }).pipe(Effect.provide(Live)))

  it.effect("takes none twice and none that came after it began, whatever happens meanwhile", () =>
    Effect.gen(function*() {
      yield* putMany(600)
      const context = yield* Effect.context<Queue | SqlClient.SqlClient>()
      const sql = yield* SqlClient.SqlClient
      // Whoever is woken fails with everything at once, and brings something new.
      const wake = () =>
        sql`UPDATE deliveries SET status = 'failed'`.pipe(Effect.zipRight(put()), Effect.orDie, Effect.provide(context))
      const Failing = Layer.fresh(DeliveryLog.Default.pipe(Layer.provide(Layer.succeed(Dispatch, { wake }))))
      assert.strictEqual(yield* Effect.provide(retryAll("failed", "pending"), Failing), 600)
      assert.strictEqual((yield* rows).length, 602)
    }).pipe(Effect.provide(Live)))

  it.effect("has each batch whole when it is broken off", () =>
    Effect.gen(function*() {
      yield* putMany(1500)
      const fiber = yield* Effect.fork(retryAll("failed"))
      yield* Effect.repeat(Effect.zipRight(turn, woken), { until: (all) => all.length > 0 })
      yield* Fiber.interrupt(fiber)
      const again = (yield* rows).filter(({ status }) => status === "pending").length
      assert.strictEqual(again % 500, 0)
      assert.isBelow(again, 1500)
      assert.strictEqual((yield* woken).length, again / 500)
      assert.strictEqual(yield* retryAll("failed"), 1500 - again)
    }).pipe(Effect.provide(Live)))

  it.effect.prop(
    "takes what fits and nothing else",
    [FastCheck.array(anyDelivery, { maxLength: 12 }), anyFilter(["failed", "dead", "pending"], 1)],
    ([all, filter]) =>
      Effect.gen(function*() {
        const wanted = (yield* putAll(all)).filter(({ one }) => fits(filter)(one))
        assert.strictEqual(yield* (yield* DeliveryLog).retryAll(acme, filter), wanted.length)
        const fresh = (yield* rows).filter(({ foldedInto }) => foldedInto === null)
        deepStrictEqual(new Set(fresh.map(({ id }) => id)), new Set(wanted.map(({ id }) => id)))
        assert.isTrue(fresh.every(({ status }) => status === "pending"))
        const placeOf = ({ channel, channelId }: { readonly channel: string; readonly channelId: string }) =>
          JSON.stringify([channel, channelId])
        deepStrictEqual(
          (yield* woken).map(placeOf).toSorted(),
          [...new Set(wanted.map(({ one }) => placeOf(one)))].toSorted()
        )
      }).pipe(Effect.provide(Layer.fresh(Live))),
    { fastCheck: { numRuns: 20 } }
  )
})
