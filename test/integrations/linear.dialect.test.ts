import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Linear } from "../../src/integrations/linear/Linear.ts"
import {
  answeredBy,
  answering,
  badGateway,
  Calls,
  config,
  data,
  failed,
  outcome,
  refusal,
  type Reply,
  result
} from "./linear.fake.ts"

const good = data({ viewer: { id: "u" }, organization: { id: "o" } })
const verify = Effect.flatMap(Linear, (linear) => linear.verify(config))

/** How a `verify` that is answered so ends, and when its requests were made. */
const meets = (...replies: ReadonlyArray<Reply>) =>
  Effect.gen(function*() {
    const error = yield* refusal(verify)
    return { error, times: (yield* yield* Calls).map(({ at }) => at) }
  }).pipe(Effect.provide(answering(...replies)))

const limited = (headers: Record<string, string>, status = 400) =>
  failed("ratelimited", "RATELIMITED", "Rate limit exceeded", { status, headers })

/**
 * How long the second request was held back, in milliseconds, after a first that was throttled with these headers.
 * Resets are given from the moment of the first.
 */
const waitAfter = (headers: Record<string, string>, status?: number) => {
  const headersAt = (now: number) =>
    Object.fromEntries(
      Object.entries(headers).map((
        [name, value]
      ) => [name, name.endsWith("-reset") ? String(now + Number(value)) : value])
    )
  return Effect.gen(function*() {
    yield* result(verify)
    const [first = 0, second = 0] = (yield* yield* Calls).map(({ at }) => at)
    return second - first
  }).pipe(Effect.provide(answeredBy(({ at }, index) => index === 0 ? limited(headersAt(at), status) : good)))
}

describe("how Linear is asked", () => {
  const sentWith = (apiKey: string, origin?: string) =>
    Effect.gen(function*() {
      yield* (yield* Linear).verify({ apiKey: Redacted.make(apiKey) })
      const [sent] = yield* yield* Calls
      return [sent?.method, sent?.url, sent?.authorization]
    }).pipe(Effect.provide(answeredBy(() => good, origin)))

  it.effect("an API key goes raw, an OAuth token as Bearer", () =>
    Effect.gen(function*() {
      const url = "https://api.linear.app/graphql"
      assert.deepStrictEqual(yield* sentWith("lin_api_abc"), ["POST", url, "lin_api_abc"])
      assert.deepStrictEqual(yield* sentWith("lin_oauth_abc"), ["POST", url, "Bearer lin_oauth_abc"])
      assert.deepStrictEqual(yield* sentWith("0a1b2c"), ["POST", url, "Bearer 0a1b2c"])
    }))

  it.effect("the operator's override is the whole URL", () =>
    Effect.gen(function*() {
      const [, url] = yield* sentWith("lin_api_abc", "http://127.0.0.1:4002/graphql")
      assert.strictEqual(url, "http://127.0.0.1:4002/graphql")
    }))
})

describe("what Linear's refusals mean", () => {
  it.effect("errors decide, though the status is 200 and part of the data is there", () =>
    Effect.gen(function*() {
      const partial: Reply = {
        status: 200,
        body: {
          data: { viewer: { id: "u" }, organization: null },
          errors: [{ message: "Not allowed", extensions: { type: "forbidden", code: "FORBIDDEN" } }]
        }
      }
      const { error } = yield* meets(partial)
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Not allowed")
    }))

  it.effect("a bad key is told with 401 or 400, by type or by code alone", () =>
    Effect.gen(function*() {
      const words = "You need to authenticate to access this operation."
      const refusals: ReadonlyArray<Reply> = [
        failed("authentication error", "AUTHENTICATION_ERROR", "Authentication required", { status: 401, words }),
        failed("", "AUTHENTICATION_ERROR", "It looks like you're trying to use an API key as a Bearer token", {
          status: 400
        }),
        failed("authentication error", "", "Authentication required"),
        { status: 401, body: "Unauthorized" }
      ]
      for (const reply of refusals) {
        const { error, times } = yield* meets(reply)
        if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
        assert.strictEqual(error.reason, "credentials")
        assert.match(error.details, /^Linear rejected the credentials \(\d{3}\)$/)
        assert.strictEqual(times.length, 1)
      }
    }))

  it.effect("what the caller can mend is a rejection in Linear's words for users, on one line, and is not repeated", () =>
    Effect.gen(function*() {
      for (
        const [type, code] of [
          ["invalid input", "INPUT_ERROR"],
          ["user error", "USER_ERROR"],
          ["forbidden", "FORBIDDEN"],
          ["feature not accessible", "FEATURE_NOT_ACCESSIBLE"],
          ["usage limit exceeded", "USAGE_LIMIT_EXCEEDED"]
        ] as const
      ) {
        const { error, times } = yield* meets(failed(type, code, "internal wording", { words: "Not\nso,\u2028please" }))
        assert.strictEqual(error._tag, "UpstreamRejected")
        assert.strictEqual(error.details, "Not so, please")
        assert.strictEqual(times.length, 1)
      }
      const { error } = yield* meets(failed("invalid input", "INPUT_ERROR", "Entity not found: Team"))
      assert.strictEqual(error.details, "Entity not found: Team")
    }))

  it.effect("Linear's own faults are repeated, and end as unavailable", () =>
    Effect.gen(function*() {
      for (
        const reply of [
          failed("internal error", "INTERNAL_ERROR", "Internal server error"),
          failed("", "INTERNAL_SERVER_ERROR", "Internal server error", { status: 500 }),
          failed("lock timeout", "LOCK_TIMEOUT", "Lock timeout"),
          failed("network error", "NETWORK_ERROR", "Network error"),
          badGateway
        ]
      ) {
        const { error, times } = yield* meets(reply, reply, reply, reply)
        if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
        assert.strictEqual(error.reason, "unavailable")
        assert.strictEqual(times.length, 4)
      }
    }))

  it.effect("a 502 without JSON is survived", () =>
    Effect.gen(function*() {
      yield* result(verify)
      assert.strictEqual((yield* yield* Calls).length, 2)
    }).pipe(Effect.provide(answering(badGateway, good))))

  it.effect("what is neither data nor a documented error is unreadable, and never the caller's fault", () =>
    Effect.gen(function*() {
      for (
        const reply of [
          { status: 200, body: "<html>Sign in</html>" },
          { status: 200, body: { data: null } },
          { status: 200, body: {} },
          { status: 200, body: { errors: [{ message: "Something", extensions: { type: "unknown" } }] } },
          { status: 200, body: { errors: ["?"] } },
          { status: 404, body: "Not Found" },
          failed("graphql error", "GRAPHQL_VALIDATION_FAILED", "Cannot query field \"x\"", { status: 400 })
        ]
      ) {
        const { error, times } = yield* meets(reply)
        if (error._tag !== "UpstreamFailed") return assert.fail(JSON.stringify(reply))
        assert.strictEqual(error.reason, "unreadable")
        assert.strictEqual(times.length, 1)
      }
    }))
})

describe("Linear's rate limit", () => {
  it.effect("a 400 that says RATELIMITED is waited for until the reset, in epoch milliseconds", () =>
    Effect.gen(function*() {
      const wait = yield* waitAfter({ "x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": "4000" })
      assert.isAtLeast(wait, 4000)
      assert.isBelow(wait, 4500)
    }))

  it.effect("the status does not matter", () =>
    Effect.gen(function*() {
      for (const status of [200, 429]) {
        assert.isAtLeast(yield* waitAfter({ "x-ratelimit-requests-reset": "2000" }, status), 2000)
      }
    }))

  it.effect("the empty bucket counts: full ones do not hold us up", () =>
    Effect.gen(function*() {
      const wait = yield* waitAfter({
        "x-ratelimit-requests-remaining": "2000",
        "x-ratelimit-requests-reset": "3600000",
        "x-ratelimit-complexity-remaining": "40",
        "x-complexity": "150",
        "x-ratelimit-complexity-reset": "3000"
      })
      assert.isAtLeast(wait, 3000)
      assert.isBelow(wait, 3500)
    }))

  it.effect("of two empty buckets the slower counts", () =>
    Effect.gen(function*() {
      const wait = yield* waitAfter({
        "x-ratelimit-requests-remaining": "0",
        "x-ratelimit-requests-reset": "1000",
        "x-ratelimit-complexity-remaining": "0",
        "x-ratelimit-complexity-reset": "5000"
      })
      assert.isAtLeast(wait, 5000)
    }))

  it.effect("without an empty bucket the operation's own limit counts, and else the nearest reset", () =>
    Effect.gen(function*() {
      const both = { "x-ratelimit-requests-reset": "1500", "x-ratelimit-endpoint-requests-reset": "4000" }
      assert.isAtLeast(yield* waitAfter(both), 4000)
      const wait = yield* waitAfter({ "x-ratelimit-requests-reset": "1500", "x-ratelimit-complexity-reset": "90000" })
      assert.isAtLeast(wait, 1500)
      assert.isBelow(wait, 2000)
    }))

  it.effect("Retry-After counts before all of them; resets that passed, or make no sense, for nothing", () =>
    Effect.gen(function*() {
      const retryAfter = {
        "retry-after": "2",
        "x-ratelimit-requests-remaining": "0",
        "x-ratelimit-requests-reset": "9000"
      }
      const wait = yield* waitAfter(retryAfter)
      assert.isAtLeast(wait, 2000)
      assert.isBelow(wait, 2500)
      assert.isBelow(yield* waitAfter({ "x-ratelimit-requests-reset": "soon" }), 1000)
      assert.isBelow(yield* waitAfter({ "x-ratelimit-requests-reset": "-5000" }), 1000)
    }))

  it.effect("a wait beyond the deadline is told at once", () =>
    Effect.gen(function*() {
      const { error, times } = yield* meets(
        limited({ "x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": "61000" })
      )
      if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
      assert.strictEqual(error.details, "Linear rate limit exceeded, retry after 61s")
      assert.strictEqual(error.retryAfterMs, 61_000)
      assert.deepStrictEqual(times, [0])
    }))
})

describe("Linear's deadline", () => {
  it.effect("is over the whole operation", () =>
    Effect.gen(function*() {
      const { error } = yield* meets(badGateway, "cut", "silent")
      if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
      assert.strictEqual(error.reason, "timeout")
      assert.strictEqual(error.details, "Request timeout after 10000ms")
    }))

  it.effect("a connection that is always cut is unreachable", () =>
    Effect.gen(function*() {
      const ended = yield* outcome(verify)
      assert.propertyVal(ended, "_tag", "Left")
      assert.strictEqual((yield* yield* Calls).length, 4)
    }).pipe(Effect.provide(answering("cut", "cut", "cut", "cut"))))
})
