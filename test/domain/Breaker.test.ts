import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import {
  admit,
  after,
  type Breaker,
  closed,
  type Fault,
  longestWaitMs,
  type Open,
  type Outcome,
  tolerated,
  waitMs
} from "../../src/domain/Breaker.ts"

const fault: Fault = { reason: "timeout", details: "Request timeout after 10000ms" }
const failed = (nowMs = 0, random = 0): Outcome => ({ _tag: "failed", fault, nowMs, random })
const answered: Outcome = { _tag: "answered" }
const unknown: Outcome = { _tag: "unknown" }

const failing = (times: number) =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => after(breaker, failed(), null), closed)

/** A breaker that has just opened. */
const opened = failing(tolerated)

/** What it is like while a call tries the vendor out. */
const triedAt = (breaker: Breaker, nowMs: number): Open => {
  const admission = admit(breaker, nowMs)
  assert.strictEqual(admission._tag, "Try")
  return admission._tag === "Try" ? admission.trial : assert.fail()
}

const admitted = (breaker: Breaker, nowMs: number) => admit(breaker, nowMs)._tag

/** Calls of an org that begin and end in any order while time goes by. */
const steps = FastCheck.array(
  FastCheck.record({
    passMs: FastCheck.integer({ min: 0, max: longestWaitMs }),
    /** Whether a call begins; else one that is under way ends, which one, and how. */
    begins: FastCheck.boolean(),
    which: FastCheck.nat(20),
    how: FastCheck.oneof(
      { weight: 8, arbitrary: FastCheck.constant("failed" as const) },
      { weight: 1, arbitrary: FastCheck.constantFrom("answered" as const, "unknown" as const) }
    ),
    random: FastCheck.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
  }),
  { maxLength: 200, size: "max" }
)

describe("a breaker", () => {
  it("opens at the fifth failure in a row, and at no other", () => {
    const four = failing(tolerated - 1)
    assert.deepStrictEqual([admitted(four, 0), admitted(opened, 0)], ["Pass", "Refuse"])
    assert.deepStrictEqual(after(four, answered, null), closed)
    assert.deepStrictEqual(after(four, unknown, null), four)
  })

  it("waits longer from trial to trial, up to two minutes", () => {
    const waits = Array.from({ length: 8 }, (_, trials) => waitMs(trials, 0) / 1000)
    assert.deepStrictEqual(waits, [5, 10, 20, 40, 80, 120, 120, 120])
    assert.strictEqual(waitMs(1e9, 0), longestWaitMs)
    assert.strictEqual(waitMs(0, 1), 2500)
  })

  it("lets one call try, closes when that is answered, and opens for longer when it is not", () => {
    assert.strictEqual(admitted(opened, 4999), "Refuse")
    const trial = triedAt(opened, 5000)
    assert.strictEqual(admitted(trial, 5000), "Refuse")
    assert.deepStrictEqual(after(trial, answered, trial), closed)
    const again = after(trial, failed(6000), trial)
    assert.strictEqual(admitted(again, 15_999), "Refuse")
    assert.strictEqual(admitted(again, 16_000), "Try")
    // Nobody knows how it ended: the next one may try.
    assert.strictEqual(admitted(after(trial, unknown, trial), 6000), "Try")
  })

  it("is not held open by calls that began before", () => {
    const trial = triedAt(opened, 5000)
    assert.deepStrictEqual(after(opened, failed(4000), null), opened)
    assert.deepStrictEqual(after(trial, failed(6000), null), trial)
    assert.deepStrictEqual(after(trial, answered, null), closed)
    // It opened again while the old trial was still under way.
    const other = triedAt(
      Array.from({ length: tolerated }).reduce<Breaker>((one) => after(one, failed(7000), null), closed),
      20_000
    )
    assert.deepStrictEqual(after(other, failed(21_000), trial), other)
  })

  it.prop("lets one call at a time try, and never shuts for longer than two minutes", [steps], ([all]) => {
    let nowMs = 0
    let breaker: Breaker = closed
    let under: Array<Open | null> = []
    for (const { begins, how, passMs, random, which } of all) {
      nowMs += passMs
      if (begins) {
        const admission = admit(breaker, nowMs)
        if (admission._tag === "Refuse") {
          const { open } = admission
          assert.isTrue(open.trying || open.retryAtMs > nowMs)
          assert.isAtMost(open.retryAtMs - nowMs, longestWaitMs)
          assert.strictEqual(open.trying, under.some((trial) => trial !== null))
          if (!open.trying) assert.strictEqual(admitted(open, open.retryAtMs), "Try")
          continue
        }
        if (admission._tag === "Try") {
          assert.isTrue(under.every((trial) => trial === null), "one at a time")
          breaker = admission.trial
        }
        under.push(admission._tag === "Try" ? admission.trial : null)
      } else if (under.length > 0) {
        const [trial = null] = under.splice(which % under.length, 1)
        const outcome = { failed: failed(nowMs, random), answered, unknown }[how]
        breaker = after(breaker, outcome, trial)
        if (how === "answered") {
          assert.deepStrictEqual(breaker, closed)
          // What tried it out is a call like all others from now on.
          under = under.map(() => null)
        }
      }
    }
  })
})
