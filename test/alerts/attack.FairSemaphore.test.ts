import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck, Fiber } from "effect"
import { makeFairSemaphore } from "../../src/services/FairSemaphore.ts"

describe("a fair semaphore", () => {
  it.effect("lets no more in than it has permits, the first come first", () =>
    Effect.gen(function*() {
      const { withPermit } = yield* makeFairSemaphore(3)
      const order: Array<number> = []
      let inside = 0
      let most = 0
      const work = (n: number) =>
        withPermit(Effect.gen(function*() {
          order.push(n)
          most = Math.max(most, ++inside)
          for (let turn = 0; turn < n % 4; turn++) yield* Effect.yieldNow()
          inside--
        }))
      const all = Array.from({ length: 100 }, (_, n) => n)
      yield* Effect.forEach(all, work, { concurrency: "unbounded" })
      deepStrictEqual(order, all)
      assert.strictEqual(most, 3)
    }))

  const plan = FastCheck.array(
    FastCheck.record({
      turns: FastCheck.nat(4),
      interruptedAfter: FastCheck.option(FastCheck.nat(12)),
      fails: FastCheck.boolean()
    }),
    { minLength: 1, maxLength: 30 }
  )

  it.effect.prop("loses no permit, whoever is interrupted or fails, and whenever", [
    plan,
    FastCheck.integer({ min: 1, max: 3 })
  ], ([
    plan,
    permits
  ]) =>
    Effect.gen(function*() {
      const { withPermit } = yield* makeFairSemaphore(permits)
      let inside = 0
      const fibers = yield* Effect.forEach(plan, ({ fails, interruptedAfter, turns }) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(withPermit(
            Effect.gen(function*() {
              assert.isAtMost(++inside, permits)
              for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
              if (fails) return yield* Effect.fail("no")
            }).pipe(Effect.ensuring(Effect.sync(() => inside--)))
          ))
          return yield* Effect.fork(Effect.gen(function*() {
            if (interruptedAfter !== null) {
              for (let turn = 0; turn < interruptedAfter; turn++) yield* Effect.yieldNow()
              yield* Fiber.interrupt(fiber)
            }
            const exit = yield* Fiber.await(fiber)
            if (exit._tag === "Failure" && exit.cause._tag === "Die") yield* exit
          }))
        }))
      yield* Fiber.joinAll(fibers)
      // All permits are there again: as many fit in at once.
      yield* Effect.forEach(Array.from({ length: permits }), () => withPermit(Effect.yieldNow()), {
        concurrency: "unbounded"
      })
      let most = 0
      let now = 0
      yield* Effect.forEach(
        Array.from({ length: permits * 2 }),
        () =>
          withPermit(Effect.gen(function*() {
            most = Math.max(most, ++now)
            yield* Effect.yieldNow()
            now--
          })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(most, permits)
    }), { fastCheck: { numRuns: 60 } })
})
