import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { accountKey, answering, failed, oncall, onCalls, verify, worded } from "../fakes/pagerduty.ts"
import { type Answer, ending, json, paths, refusal, result, sent, text, waits } from "../fakes/Upstream.ts"

/** How a read ends that gets this answer each time. */
const outcome = (answer: Answer) =>
  Effect.gen(function*() {
    const error = yield* refusal(oncall())
    return {
      kind: error._tag === "UpstreamFailed" ? error.reason : "rejected",
      details: error.details,
      calls: (yield* sent).length
    }
  }).pipe(Effect.provide(answering([answer, answer, answer, answer])))

const busy = (headers: Record<string, string>, body = "") => text(body, { status: 429, headers })

describe("PagerDuty's errors", () => {
  it.effect.each<readonly [what: string, answer: Answer, kind: string, details: string]>([
    [
      "message and list",
      failed(400, 2001, "Invalid Input Provided", ["a is bad", "b is bad"]),
      "rejected",
      "Invalid Input Provided: a is bad: b is bad"
    ],
    ["message alone", failed(400, 2001, "Invalid Input Provided"), "rejected", "Invalid Input Provided"],
    ["a plain string", worded(400, "Because of this"), "rejected", "Because of this"],
    ["no JSON", text("<p>canary</p>", { status: 400 }), "rejected", "PagerDuty refused the request (400)"],
    ["no body", text("", { status: 402 }), "rejected", "PagerDuty refused the request (402)"],
    [
      "odd shapes",
      json({ error: { message: 5, code: "x", errors: [5, null] } }, { status: 413 }),
      "rejected",
      "PagerDuty refused the request (413)"
    ],
    ["an array", json([1], { status: 400 }), "rejected", "PagerDuty refused the request (400)"],
    ["401", failed(401, 2006, "Authentication failed"), "credentials", "PagerDuty rejected the credentials (401)"],
    [
      "401 without JSON",
      text("HTTP Token: Access denied.", { status: 401 }),
      "credentials",
      "PagerDuty rejected the credentials (401)"
    ],
    ["403", failed(403, 2010, "Access Denied"), "credentials", "PagerDuty rejected the credentials (403)"],
    ["404", failed(404, 2100, "Not Found"), "rejected", "Not Found"]
  ])("%s", ([, answer, kind, details]) =>
    Effect.gen(function*() {
      deepStrictEqual(yield* outcome(answer), { kind, details, calls: 1 })
    }))

  it.effect.each([408, 500, 502, 503])("%s is tried again", (status) =>
    Effect.gen(function*() {
      const { calls, kind } = yield* outcome(text("", { status }))
      deepStrictEqual([kind, calls], ["unavailable", 4])
    }))
})

describe("PagerDuty's throttling", () => {
  it.effect("without headers and body is throttling all the same", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* outcome(busy({})), {
        kind: "throttled",
        details: "PagerDuty rate limit exceeded",
        calls: 4
      })
    }))

  it.effect("is told by code 2020 under any status", () =>
    Effect.gen(function*() {
      for (const status of [400, 403, 429]) {
        const { kind } = yield* outcome(failed(status, 2020, "Rate Limit Exceeded"))
        assert.strictEqual(kind, "throttled")
      }
    }))

  it.effect("waits `ratelimit-reset` seconds, which are what is left and no moment", () =>
    Effect.gen(function*() {
      yield* result(oncall())
      deepStrictEqual(yield* waits, [7000])
    }).pipe(Effect.provide(answering([
      busy({ "ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "7" }),
      onCalls([])
    ]))))

  it.effect("falls back to Retry-After", () =>
    Effect.gen(function*() {
      yield* result(oncall())
      deepStrictEqual(yield* waits, [3000])
    }).pipe(Effect.provide(answering([busy({ "retry-after": "3" }), onCalls([])]))))

  it.effect("that outlasts the deadline is told at once, with its wait", () =>
    Effect.gen(function*() {
      const error = yield* refusal(oncall())
      assert.isTrue(error._tag === "UpstreamFailed" && error.retryAfterMs === 12_000)
      assert.strictEqual(error.details, "PagerDuty rate limit exceeded, retry after 12s")
      assert.strictEqual(error.message, "Failed to fetch from PagerDuty API")
      assert.strictEqual((yield* sent).length, 1)
    }).pipe(Effect.provide(answering([busy({ "ratelimit-reset": "12" })]))))

  it.effect.each(["-1", "-0.5", "0", "", "soon", "NaN", "1e400", "-1e400"])(
    "a `ratelimit-reset` of %j is no reason to fail otherwise",
    (reset) =>
      Effect.gen(function*() {
        const exit = yield* ending(oncall())
        assert.strictEqual(exit._tag, "Success")
        const [wait = 0] = yield* waits
        assert.isTrue(wait >= 200 && wait <= 300, String(wait))
      }).pipe(Effect.provide(answering([busy({ "ratelimit-reset": reset }), onCalls([])])))
  )
})

describe("the check of the credentials", () => {
  it.effect("a user's key is good", () =>
    Effect.gen(function*() {
      yield* result(verify)
      deepStrictEqual(yield* paths, ["GET /users/me"])
    }).pipe(Effect.provide(answering([json({ user: { id: "P1", created_via_sso: "false" } })]))))

  it.effect("an account's key is good, which /abilities shows", () =>
    Effect.gen(function*() {
      yield* result(verify)
      deepStrictEqual(yield* paths, ["GET /users/me", "GET /abilities"])
    }).pipe(Effect.provide(answering([accountKey, json({ abilities: ["sso"] })]))))

  it.effect("an account's key that may do nothing is not good", () =>
    Effect.gen(function*() {
      const error = yield* refusal(verify)
      assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "credentials")
    }).pipe(Effect.provide(answering([accountKey, failed(403, 2010, "Access Denied")]))))

  it.effect("401 is a bad key", () =>
    Effect.gen(function*() {
      const error = yield* refusal(verify)
      assert.strictEqual(error.details, "PagerDuty rejected the credentials (401)")
      deepStrictEqual(yield* paths, ["GET /users/me"])
    }).pipe(Effect.provide(answering([text("", { status: 401 })]))))

  it.effect("another 400 is not taken for an account's key", () =>
    Effect.gen(function*() {
      const error = yield* refusal(verify)
      assert.isTrue(error._tag === "UpstreamRejected" && error.details === "Invalid Input Provided")
      deepStrictEqual(yield* paths, ["GET /users/me"])
    }).pipe(Effect.provide(answering([failed(400, 2001, "Invalid Input Provided")]))))

  it.effect("a page that is not PagerDuty's proves nothing", () =>
    Effect.gen(function*() {
      const error = yield* refusal(verify)
      assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "unreadable")
    }).pipe(Effect.provide(answering([text("<p>Welcome to this hotspot</p>")]))))
})
