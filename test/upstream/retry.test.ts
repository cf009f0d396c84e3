import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Clock, Effect, Random } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { brokenOff, failing, json, late, refusal, result, sent, text, upstream, waits } from "../fakes/Upstream.ts"
import { call, read, thing, write } from "./acme.ts"

const good = json(thing)
const down = text("<html>Bad gateway</html>", { status: 502 })
const busy = (seconds: string) => text("", { status: 429, headers: { "retry-after": seconds } })
const count = Effect.map(sent, (all) => all.length)

describe("retries", () => {
  it.effect("wait from 250 ms, doubling, with a fifth of jitter, three times at most", () =>
    Effect.gen(function*() {
      assert.instanceOf(yield* refusal(read()), UpstreamFailed)
      const [first = 0, second = 0, third = 0, ...more] = yield* waits
      assert.isTrue(first >= 200 && first <= 300, String(first))
      assert.isTrue(second >= 400 && second <= 600, String(second))
      assert.isTrue(third >= 800 && third <= 1200, String(third))
      deepStrictEqual(more, [])
    }).pipe(Effect.provide(upstream([down, down, down, down]))))

  it.effect("do not come in step", () =>
    Effect.gen(function*() {
      const firstWait = (seed: string) =>
        Effect.gen(function*() {
          yield* result(Effect.withRandom(read(), Random.make(seed)))
          return (yield* waits)[0]
        }).pipe(Effect.provide(upstream([down, good])))
      const all = yield* Effect.forEach(["a", "b", "c", "d", "e"], firstWait)
      assert.strictEqual(new Set(all).size, all.length)
    }))

  it.effect.each([408, 429, 500, 502, 503, 504])("a read comes back after %s", (status) =>
    Effect.gen(function*() {
      deepStrictEqual((yield* result(read())).value, thing)
      assert.strictEqual(yield* count, 2)
    }).pipe(Effect.provide(upstream([text("", { status }), good]))))

  it.effect.each(["ECONNREFUSED", "ECONNRESET", "UND_ERR_SOCKET", "ENOTFOUND", "EPIPE"])(
    "a read comes back after %s",
    (code) =>
      Effect.gen(function*() {
        deepStrictEqual((yield* result(read())).value, thing)
        assert.strictEqual(yield* count, 2)
      }).pipe(Effect.provide(upstream([failing(code), good])))
  )

  it.effect("a read comes back after a body that broke off", () =>
    Effect.gen(function*() {
      deepStrictEqual((yield* result(read())).value, thing)
    }).pipe(Effect.provide(upstream([brokenOff(), good]))))

  it.effect.each([400, 401, 402, 403, 404, 409, 410, 413, 422])(
    "nothing comes back after %s",
    (status) =>
      Effect.gen(function*() {
        yield* refusal(read())
        assert.strictEqual(yield* count, 1)
      }).pipe(Effect.provide(upstream([json({ message: "no" }, { status })])))
  )

  it.effect.each(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"])(
    "a write comes back after %s, because nothing was sent",
    (code) =>
      Effect.gen(function*() {
        deepStrictEqual((yield* result(write)).value, thing)
        assert.strictEqual(yield* count, 2)
      }).pipe(Effect.provide(upstream([failing(code), good])))
  )

  it.effect("a write comes back after it was throttled", () =>
    Effect.gen(function*() {
      deepStrictEqual((yield* result(write)).value, thing)
      assert.isAtLeast((yield* waits)[0] ?? 0, 2000)
    }).pipe(Effect.provide(upstream([busy("2"), good]))))

  it.effect.each(
    ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "E_SOMETHING_NEW"]
  )("a write does not come back after %s: it may have happened", (code) =>
    Effect.gen(function*() {
      const error = yield* refusal(write)
      assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "unreachable")
      assert.strictEqual(yield* count, 1)
    }).pipe(Effect.provide(upstream([failing(code)]))))

  it.effect.each([408, 500, 502, 503, 504])("a write does not come back after %s", (status) =>
    Effect.gen(function*() {
      const error = yield* refusal(write)
      assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "unavailable")
      assert.strictEqual(yield* count, 1)
    }).pipe(Effect.provide(upstream([text("", { status })]))))

  it.effect("a write does not come back after an answer that broke off", () =>
    Effect.gen(function*() {
      yield* refusal(write)
      assert.strictEqual(yield* count, 1)
    }).pipe(Effect.provide(upstream([brokenOff()]))))
})

describe("without retries", () => {
  const once = read({ retry: "never" })

  it.effect.each([["429", busy("2")], ["503", down], ["ECONNREFUSED", failing("ECONNREFUSED")]] as const)(
    "%s is told at once",
    ([, answer]) =>
      Effect.gen(function*() {
        assert.instanceOf(yield* refusal(once), UpstreamFailed)
        assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        assert.strictEqual(yield* count, 1)
      }).pipe(Effect.provide(upstream([answer])))
  )

  it.effect("the vendor's wait is told as well", () =>
    Effect.gen(function*() {
      const error = yield* refusal(once)
      assert.deepInclude(error, { reason: "throttled", retryAfterMs: 2000 })
    }).pipe(Effect.provide(upstream([busy("2")]))))
})

describe("the vendor's own wait", () => {
  it.effect.each([["3", 3000], ["0", 0], ["1.5", 1500]] as const)(
    "Retry-After: %s",
    ([seconds, least]) =>
      Effect.gen(function*() {
        yield* result(read())
        const [wait = 0] = yield* waits
        assert.isAtLeast(wait, Math.max(least, 200))
        assert.isAtMost(wait, Math.max(least, 300))
      }).pipe(Effect.provide(upstream([busy(seconds), good])))
  )

  it.effect("is honoured each time", () =>
    Effect.gen(function*() {
      yield* result(read())
      deepStrictEqual(yield* waits, [2000, 3000])
    }).pipe(Effect.provide(upstream([busy("2"), busy("3"), good]))))

  it.effect("may be an HTTP date, also one that has passed", () =>
    Effect.gen(function*() {
      yield* result(read())
      const [first = 0, second = 0] = yield* waits
      assert.strictEqual(first, 4000)
      assert.isTrue(second >= 400 && second <= 600, String(second))
    }).pipe(
      Effect.provide(upstream([busy("Thu, 01 Jan 1970 00:00:04 GMT"), busy("Thu, 01 Jan 1970 00:00:01 GMT"), good]))
    ))

  it.effect.each(["soon", "", "-", "NaN", "Infinity", "1e400"])(
    "is none where the header says %j",
    (value) =>
      Effect.gen(function*() {
        yield* result(read())
        const [wait = 0] = yield* waits
        assert.isTrue(wait >= 200 && wait <= 300, String(wait))
      }).pipe(Effect.provide(upstream([busy(value), good])))
  )

  it.effect("is not awaited when it outlasts the deadline", () =>
    Effect.gen(function*() {
      const error = yield* refusal(read())
      assert.deepInclude(error, {
        _tag: "UpstreamFailed",
        reason: "throttled",
        details: "Acme rate limit exceeded, retry after 12s",
        retryAfterMs: 12_000
      })
      assert.strictEqual(yield* count, 1)
    }).pipe(Effect.provide(upstream([busy("12")]))))

  it.effect("is measured against what is left of the deadline", () =>
    Effect.gen(function*() {
      const error = yield* refusal(read())
      assert.strictEqual(error.details, "Acme rate limit exceeded, retry after 5s")
      deepStrictEqual((yield* sent).map(({ at }) => at), [0, 6000])
    }).pipe(Effect.provide(upstream([busy("6"), busy("5")]))))

  it.effect("is awaited without end outside any operation", () =>
    Effect.gen(function*() {
      yield* result(call())
      deepStrictEqual(yield* waits, [30_000])
    }).pipe(Effect.provide(upstream([busy("30"), good]))))

  it.effect("is rounded up when it is told", () =>
    Effect.gen(function*() {
      const error = yield* refusal(read())
      assert.strictEqual(error.details, "Acme rate limit exceeded, retry after 11s")
    }).pipe(Effect.provide(upstream([late("1 second", busy("10.2"))]))))
})
