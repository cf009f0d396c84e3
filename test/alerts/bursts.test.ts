import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import type { EventState, Severity } from "../../src/domain/Event.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

const arrived = Effect.flatMap(Notifications, (notifications) => notifications.arrived)
/** Title, how many more, and when, in seconds. */
const messages = Effect.map(
  arrived,
  (all) => all.map(({ atMs, folded, title }) => [title, folded, Math.round(atMs / 1000)] as const)
)

const alert = (title: string, changes: { readonly state?: EventState; readonly severity?: Severity } = {}) =>
  accept({ title, groupKey: "sentry:issue:1", ...changes })

describe("a burst", () => {
  it.effect("of 500 alerts in five minutes is six messages, and 500 inbox entries", () =>
    Effect.gen(function*() {
      yield* route("C1")
      for (let index = 0; index < 500; index++) {
        yield* alert(`n${index}`)
        if (index % 5 === 4) yield* pass(3)
      }
      yield* pass(120, 5)
      const all = yield* arrived
      assert.isAtMost(all.length, 6)
      // Every alert is in one message.
      assert.strictEqual(all.reduce((sum, { folded }) => sum + folded + 1, 0), 500)
      const rows = yield* deliveries
      assert.strictEqual(rows.length, 500)
      assert.isTrue(rows.every(({ status }) => status === "delivered"))
      assert.strictEqual(rows.filter(({ foldedInto }) => foldedInto === null).length, all.length)
    }).pipe(Effect.provide(pipeline())))

  it.effect("is told at once, and then with how many there were", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* settle
      yield* alert("second")
      yield* alert("third")
      yield* pass(59)
      deepStrictEqual(yield* messages, [["first", 0, 0]])
      yield* pass(10)
      deepStrictEqual((yield* messages).map(([title, folded]) => [title, folded]), [["first", 0], ["third", 1]])
    }).pipe(Effect.provide(pipeline())))

  it.effect("does not hold back that it is over, nor that it got worse", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("opened", { severity: "warning" })
      yield* settle
      yield* alert("again", { severity: "warning" })
      yield* alert("worse", { severity: "critical" })
      yield* pass(2)
      yield* alert("as bad", { severity: "critical" })
      yield* alert("over", { state: "resolved", severity: "info" })
      yield* pass(2)
      yield* alert("back", { severity: "warning" })
      yield* pass(2)
      deepStrictEqual((yield* messages).map(([title, folded]) => [title, folded]), [
        ["opened", 0],
        ["worse", 1],
        ["over", 1],
        ["back", 0]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("of one group does not hold back another, nor what belongs to none", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("a1")
      yield* settle
      yield* alert("a2")
      yield* accept({ title: "b1", groupKey: "sentry:issue:2" })
      yield* accept({ title: "alone" })
      yield* accept({ title: "alone too" })
      yield* pass(2)
      deepStrictEqual((yield* messages).map(([title]) => title), ["a1", "b1", "alone", "alone too"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("is folded for each destination by what that one was told", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* settle
      yield* route("C2")
      yield* alert("second")
      yield* pass(2)
      deepStrictEqual((yield* arrived).map(({ channelId, title }) => [channelId, title]), [
        ["C1", "first"],
        ["C2", "second"]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("shows the worst of what it stands for", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first", { severity: "critical" })
      yield* settle
      yield* alert("second", { severity: "error" })
      yield* alert("third", { severity: "info" })
      yield* pass(70, 5)
      deepStrictEqual((yield* arrived).map(({ alert }) => alert.severity), ["critical", "error"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("keeps to the configured window", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* settle
      yield* alert("second")
      yield* pass(12)
      deepStrictEqual((yield* messages).map(([title]) => title), ["first", "second"])
    }).pipe(Effect.provide(pipeline({ variables: { GROUP_WINDOW: "6 seconds" } }))))

  it.effect("waits visibly", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* settle
      yield* alert("second")
      yield* settle
      deepStrictEqual((yield* deliveries).map(({ nextAttemptAt, status }) => [status, nextAttemptAt]), [
        ["delivered", null],
        ["pending", "1970-01-01T00:01:00.000Z"]
      ])
    }).pipe(Effect.provide(pipeline())))
})
