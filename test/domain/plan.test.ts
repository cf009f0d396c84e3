import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { FastCheck } from "effect"
import { attemptsWithin, backoffMs, type Foldable, plan, type Told, worst } from "../../src/domain/Delivery.ts"
import { EventState, severities, severityRank } from "../../src/domain/Event.ts"

const window = 60_000
const state = FastCheck.constantFrom(...EventState.literals)
const severity = FastCheck.constantFrom(...severities)
const row: FastCheck.Arbitrary<Foldable> = FastCheck.record({ state, severity })
const rows = FastCheck.array(row, { minLength: 1, maxLength: 12 })
const told: FastCheck.Arbitrary<Told> = FastCheck.record({
  atMs: FastCheck.integer({ min: 0, max: 1_000_000 }),
  state,
  severity
})
const sinceMs = FastCheck.integer({ min: 0, max: window - 1 })

const changes = (one: Foldable, before: Told) =>
  one.state !== before.state || severityRank(one.severity) > severityRank(before.severity)

describe("what becomes of waiting deliveries of one group", () => {
  it.prop("the first message is never held back", [rows], ([rows]) => {
    const { _tag } = plan(rows, undefined, 0, window)
    assert.strictEqual(_tag, "Send")
  })

  it.prop("after the window nothing is held back", [rows, told], ([rows, told]) => {
    assert.strictEqual(plan(rows, told, told.atMs + window, window)._tag, "Send")
  })

  it.prop("within the window a change is never held back, and all else is, to its end", [rows, told, sinceMs], ([
    rows,
    told,
    sinceMs
  ]) => {
    const next = plan(rows, told, told.atMs + sinceMs, window)
    if (rows.some((one) => changes(one, told))) assert.strictEqual(next._tag, "Send")
    else deepStrictEqual(next, { _tag: "Hold", untilMs: told.atMs + window })
  })

  it.prop("a message ends with what it tells, and swallows no change on the way", [rows, FastCheck.option(told)], ([
    rows,
    told
  ]) => {
    const next = plan(rows, told ?? undefined, told?.atMs ?? 0, window)
    if (next._tag === "Hold") return
    assert.isAtLeast(next.count, 1)
    assert.isAtMost(next.count, rows.length)
    const sent = rows.slice(0, next.count)
    const states = sent.map((one) => one.state).filter((state, index, all) => state !== all[index - 1])
    // What was held back may have the old state; after that there is one state only.
    assert.isAtMost(states.length, 2)
    if (states.length === 2) assert.strictEqual(states[0], told?.state)
    assert.notStrictEqual(rows[next.count]?.state, sent.at(-1)?.state)
  })

  it.prop("sending again and again ends with nothing left", [rows, FastCheck.option(told)], ([rows, told]) => {
    let left = rows
    let before = told ?? undefined
    for (let turn = 0; left.length > 0 && turn < 50; turn++) {
      const now = (before?.atMs ?? 0) + window
      const next = plan(left, before, now, window)
      if (next._tag === "Hold") continue
      const sent = left.slice(0, next.count)
      const last = sent.at(-1)
      left = left.slice(next.count)
      if (last !== undefined) before = { atMs: now, state: last.state, severity: worst(sent.map((s) => s.severity)) }
    }
    deepStrictEqual(left, [])
  })

  it("a clock that was put back holds nothing back", () => {
    const before: Told = { atMs: 1_000_000, state: "open", severity: "error" }
    assert.strictEqual(plan([{ state: "open", severity: "error" }], before, 0, window)._tag, "Send")
  })
})

describe("the wait after an attempt", () => {
  const random = FastCheck.double({ min: 0, max: 1, noNaN: true })

  it.prop(
    "is from one second to one hour, give or take a fifth",
    [FastCheck.integer({ min: 1, max: 10_000 }), random],
    ([
      attempt,
      random
    ]) => {
      const wait = backoffMs(attempt, random)
      assert.isAtLeast(wait, 800)
      assert.isAtMost(wait, 3_600_000 * 1.2)
    }
  )

  it("doubles until it is an hour", () => {
    assert.deepStrictEqual(Array.from({ length: 14 }, (_, index) => backoffMs(index + 1, 0.5) / 1000), [
      1,
      2,
      4,
      8,
      16,
      32,
      64,
      128,
      256,
      512,
      1024,
      2048,
      3600,
      3600
    ])
  })

  it.prop(
    "is as long as the attempts are many, unless they are begun afresh",
    [FastCheck.array(random, { minLength: 1, maxLength: 40 })],
    ([jitters]) => {
      let sinceFirst = 0
      for (const [index, jitter] of jitters.entries()) {
        assert.isAtLeast(backoffMs(attemptsWithin(sinceFirst), 0.5), backoffMs(index + 1, 0.5))
        sinceFirst += backoffMs(index + 1, jitter)
      }
      assert.strictEqual(attemptsWithin(0), 1)
      assert.strictEqual(attemptsWithin(-1), 1)
    }
  )
})
