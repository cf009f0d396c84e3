import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck, Layer, Option, TestClock } from "effect"
import { DeliveryLog } from "../../src/alerts/DeliveryLog.ts"
import { AttemptRow, DeliveriesRepo } from "../../src/persistence/DeliveriesRepo.ts"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex } from "../fakes/Storage.ts"
import {
  anyDelivery,
  anyFilter,
  at,
  fits,
  Live,
  place,
  put,
  putAll,
  putToRest,
  retried,
  rows,
  statuses,
  woken
} from "./deliveryLog.ts"

describe("the log", () => {
  it.effect.prop(
    "lists what fits, newest first, page by page",
    [
      FastCheck.array(anyDelivery, { maxLength: 12 }),
      anyFilter(statuses, 0),
      FastCheck.array(FastCheck.integer({ min: 1, max: 5 }), { minLength: 1 })
    ],
    ([all, filter, limits]) =>
      Effect.gen(function*() {
        const log = yield* DeliveryLog
        const known = yield* putAll(all)
        const wanted = known.filter(({ one }) => fits(filter)(one)).map(({ id }) => id).toReversed()
        const seen: Array<string> = []
        let after: string | undefined
        for (let page = 0; page === 0 || after !== undefined; page++) {
          const limit = limits[page % limits.length] ?? 1
          const found: Effect.Effect.Success<ReturnType<typeof log.list>> = yield* log.list(acme, filter, {
            after,
            limit
          })
          assert.isAtMost(found.rows.length, limit)
          seen.push(...found.rows.map(({ id }) => id))
          after = found.next ?? undefined
          // What comes in meanwhile is newer than every page that is still to come.
          yield* put({ status: "pending" })
        }
        deepStrictEqual(seen, wanted)
      }).pipe(Effect.provide(Layer.fresh(Live))),
    { fastCheck: { numRuns: 20 } }
  )

  it.effect("shows the attempts of a delivery alone, oldest first", () =>
    Effect.gen(function*() {
      const repo = yield* DeliveriesRepo
      const [mine, other] = [yield* put(), yield* put()]
      const note = (deliveryId: string, number: number, orgId = acme) =>
        repo.note(
          new AttemptRow({ orgId, deliveryId, number, at: at(number), outcome: "failed", error: "no", latencyMs: 7 })
        )
      for (const number of [3, 1, 2, 10]) yield* note(mine, number)
      yield* note(other, 4)
      yield* note(mine, 5, globex)
      const { attempts } = yield* (yield* DeliveryLog).show(acme, mine)
      deepStrictEqual(attempts.map(({ number }) => number), [1, 2, 3, 10])
    }).pipe(Effect.provide(Live)))
})

describe("a retry", () => {
  for (const status of ["pending", "delivered", "failed", "dead"] as const) {
    it.effect(`puts a ${status} delivery back as if it had not been tried, but for its count and last error`, () =>
      Effect.gen(function*() {
        const log = yield* DeliveryLog
        const id = yield* put({ status })
        const before = (yield* log.show(acme, id)).row
        const { wakes } = yield* putToRest(place("C1"))
        yield* TestClock.adjust("1 minute")
        const answer = yield* log.retry(acme, id)
        deepStrictEqual(answer, retried(before))
        deepStrictEqual((yield* log.show(acme, id)).row, answer)
        const destination = Option.getOrThrow(yield* (yield* DestinationsRepo).find(place("C1")))
        deepStrictEqual([destination.wakes, destination.dueAt], [wakes + 1, at(60_000)])
        deepStrictEqual(yield* woken, [place("C1")])
      }).pipe(Effect.provide(Live)))
  }

  it.effect("leaves one alone that is being sent, and wakes nobody for it", () =>
    Effect.gen(function*() {
      const id = yield* put({ status: "delivering" })
      yield* putToRest(place("C1"))
      const before = yield* rows
      assert.strictEqual((yield* (yield* DeliveryLog).retry(acme, id)).status, "delivering")
      deepStrictEqual(yield* rows, before)
      assert.isNull(Option.getOrThrow(yield* (yield* DestinationsRepo).find(place("C1"))).dueAt)
      deepStrictEqual(yield* woken, [])
    }).pipe(Effect.provide(Live)))

  it.effect("of an unknown delivery or another organisation's changes nothing", () =>
    Effect.gen(function*() {
      const log = yield* DeliveryLog
      const id = yield* put({ orgId: globex })
      const before = yield* rows
      for (const unknown of [id, "dlv-none", "", "%"]) {
        assert.strictEqual((yield* Effect.flip(log.retry(acme, unknown)))._tag, "DeliveryNotFound")
        assert.strictEqual((yield* Effect.flip(log.show(acme, unknown)))._tag, "DeliveryNotFound")
      }
      deepStrictEqual(yield* rows, before)
      deepStrictEqual(yield* woken, [])
    }).pipe(Effect.provide(Live)))

  it.effect("leaves the delivery as it was when its destination cannot be woken", () =>
    Effect.gen(function*() {
      const log = yield* DeliveryLog
      const id = yield* put()
      yield* fullDisk("destinations", "UPDATE")
      const before = yield* rows
      assert.strictEqual((yield* Effect.exit(log.retry(acme, id)))._tag, "Failure")
      assert.strictEqual((yield* Effect.exit(log.retryAll(acme, { statuses: ["failed"] })))._tag, "Failure")
      deepStrictEqual(yield* rows, before)
      deepStrictEqual(yield* woken, [])
    }).pipe(Effect.provide(Live)))
})
