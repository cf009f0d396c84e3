import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Ref } from "effect"
import { makeShared } from "../../src/upstream/shared.ts"

/** A read that says how often it began and was interrupted, and ends when it is told to. */
const probe = Effect.gen(function*() {
  const begun = yield* Ref.make(0)
  const interrupted = yield* Ref.make(0)
  const gate = yield* Deferred.make<string, "broken">()
  const effect = Ref.update(begun, (count) => count + 1).pipe(
    Effect.zipRight(Deferred.await(gate)),
    Effect.onInterrupt(() => Ref.update(interrupted, (count) => count + 1))
  )
  return { begun: Ref.get(begun), interrupted: Ref.get(interrupted), gate, effect }
})

/** Lets every fiber come to where it has to wait. */
const settle = Effect.yieldNow().pipe(Effect.repeatN(20))

const setting = Effect.all({ shared: makeShared<string, "broken">(), read: probe })

describe("makeShared", () => {
  it.scoped("lets readers of one key share one run", () =>
    Effect.gen(function*() {
      const { read, shared } = yield* setting
      const readers = yield* Effect.fork(Effect.all(Array.from({ length: 20 }, () => shared("k", read.effect)), {
        concurrency: "unbounded"
      }))
      yield* settle
      const late = yield* Effect.fork(shared("k", read.effect))
      yield* settle
      yield* Deferred.succeed(read.gate, "answer")
      deepStrictEqual(new Set(yield* Fiber.join(readers)), new Set(["answer"]))
      assert.strictEqual(yield* Fiber.join(late), "answer")
      assert.strictEqual(yield* read.begun, 1)
    }))

  it.scoped("keeps readers of other keys apart", () =>
    Effect.gen(function*() {
      const { read, shared } = yield* setting
      const keys = ["a", "b", "[\"org\",1]", "[\"org\",2]", ""]
      const readers = yield* Effect.fork(Effect.forEach(keys, (key) => shared(key, Effect.as(read.effect, key)), {
        concurrency: "unbounded"
      }))
      yield* settle
      assert.strictEqual(yield* read.begun, keys.length)
      yield* Deferred.succeed(read.gate, "answer")
      deepStrictEqual(yield* Fiber.join(readers), keys)
    }))

  it.scoped("goes on when the first reader hangs up", () =>
    Effect.gen(function*() {
      const { read, shared } = yield* setting
      const first = yield* Effect.fork(shared("k", read.effect))
      yield* settle
      const second = yield* Effect.fork(shared("k", read.effect))
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      yield* settle
      assert.strictEqual(yield* read.interrupted, 0)
      yield* Deferred.succeed(read.gate, "answer")
      assert.strictEqual(yield* Fiber.join(second), "answer")
      assert.strictEqual(yield* read.begun, 1)
    }))

  it.scoped("is interrupted when the last reader hangs up, and begins anew for the next", () =>
    Effect.gen(function*() {
      const { read, shared } = yield* setting
      const first = yield* Effect.fork(shared("k", read.effect))
      const second = yield* Effect.fork(shared("k", read.effect))
      yield* settle
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(second)
      yield* settle
      assert.strictEqual(yield* read.interrupted, 1)
      yield* Deferred.succeed(read.gate, "answer")
      assert.strictEqual(yield* shared("k", read.effect), "answer")
      assert.strictEqual(yield* read.begun, 2)
    }))

  it.scoped("shares a failure", () =>
    Effect.gen(function*() {
      const { read, shared } = yield* setting
      const readers = yield* Effect.fork(
        Effect.all([Effect.flip(shared("k", read.effect)), Effect.flip(shared("k", read.effect))], {
          concurrency: "unbounded"
        })
      )
      yield* settle
      yield* Deferred.fail(read.gate, "broken")
      deepStrictEqual(yield* Fiber.join(readers), ["broken", "broken"])
      assert.strictEqual(yield* read.begun, 1)
    }))

  it.scoped("keeps neither an answer nor a failure", () =>
    Effect.gen(function*() {
      const shared = yield* makeShared<number, number>()
      const count = yield* Ref.make(0)
      const next = Ref.updateAndGet(count, (before) => before + 1)
      assert.strictEqual(yield* shared("k", next), 1)
      assert.strictEqual(yield* shared("k", next), 2)
      assert.strictEqual(yield* Effect.flip(shared("k", Effect.flip(next))), 3)
      assert.strictEqual(yield* shared("k", next), 4)
    }))

  it.scoped("does not keep a defect", () =>
    Effect.gen(function*() {
      const shared = yield* makeShared<string, never>()
      assert.isTrue(Exit.isFailure(yield* Effect.exit(shared("k", Effect.dieMessage("bug")))))
      assert.strictEqual(yield* shared("k", Effect.succeed("well")), "well")
    }))
})
