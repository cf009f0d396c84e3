import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { reset, status, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { channels, configured, emit, pass, received, route, standing, wordsOf } from "./alerts.ts"

const titles = ["First of all", "Second to none", "Third time lucky"]

const once = { status: "delivered", lastError: null, outcomes: ["delivered"] }

describe("a channel that throttles and fails first", () => {
  for (const channel of channels) {
    it.effect(`gets every message of ${channel} later, in order, and each once`, () =>
      Effect.gen(function*() {
        const standIn = (yield* StandIns)[channel]
        yield* configured(channel)
        yield* route(channel)
        yield* standIn.script(throttled(7), status(500), reset)
        for (const title of titles) yield* emit(title)
        yield* pass(40)

        const calls = yield* standIn.calls
        const attempted = calls.map(({ body }) => titles.findIndex((title) => body.includes(title)))
        assert.deepStrictEqual(attempted, [0, 0, 0, 0, 1, 2], "nothing overtakes the first")
        const waits = calls.slice(1, 4).map(({ atMs }, index) => atMs - (calls[index]?.atMs ?? 0))
        // WhatsApp does not say how long to wait. What is due is at most one sweep late.
        const least = [channel === "whatsapp" ? 800 : 7000, 1600, 3200]
        const most = [channel === "whatsapp" ? 1200 : 7000, 2400, 4800]
        for (const [index, wait] of waits.entries()) {
          assert.isAtLeast(wait, least[index] ?? 0)
          assert.isBelow(wait, (most[index] ?? 0) + 5500)
        }
        const messages = yield* received(channel)
        assert.deepStrictEqual(
          messages.map((message) => titles.findIndex((title) => wordsOf(message).includes(title))),
          [0, 1, 2]
        )
        assert.deepStrictEqual(yield* standing(channel), [
          { ...once, outcomes: ["throttled", "failed", "failed", "delivered"] },
          once,
          once
        ])
      }).pipe(Effect.provide(Sandbox)))
  }

  it.effect("holds back no other channel", () =>
    Effect.gen(function*() {
      const { slack } = yield* StandIns
      yield* configured()
      yield* Effect.forEach(channels, (channel) => route(channel))
      yield* slack.script(throttled(3600))
      for (const title of titles) yield* emit(title)
      yield* pass(10)
      const counts = yield* Effect.forEach(channels, (channel) => Effect.map(received(channel), ({ length }) => length))
      assert.deepStrictEqual(counts, [0, 3, 3, 3])
      assert.lengthOf(yield* slack.calls, 1)
    }).pipe(Effect.provide(Sandbox)))
})

describe("a message whose answer was cut", () => {
  it.effect("is sent once more, which Discord alone knows for the same", () =>
    Effect.gen(function*() {
      const standIns = yield* StandIns
      yield* configured()
      for (const channel of channels) {
        yield* route(channel)
        yield* standIns[channel].script(truncated)
      }
      yield* emit("First of all")
      yield* pass(12)
      for (const channel of channels) {
        assert.lengthOf(yield* standIns[channel].calls, 2, channel)
        assert.lengthOf(yield* received(channel), channel === "discord" ? 1 : 2, channel)
        assert.deepStrictEqual(yield* standing(channel), [{ ...once, outcomes: ["failed", "delivered"] }], channel)
      }
    }).pipe(Effect.provide(Sandbox)))
})
