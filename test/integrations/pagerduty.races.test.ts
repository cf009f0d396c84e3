import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect } from "effect"
import {
  acknowledge,
  acknowledged,
  acknowledgedAt,
  answering,
  failed,
  incident,
  one,
  resolved,
  worded
} from "../fakes/pagerduty.ts"
import { type Answer, brokenOff, failing, late, paths, refusal, result, silent, text } from "../fakes/Upstream.ts"

const get = "GET /incidents/P1INC001"
const put = "PUT /incidents/P1INC001"

const triggered = one(incident())
const taken = one(acknowledged())

/** Answers to the PUT after which only PagerDuty knows whether it happened. */
const ambiguous: ReadonlyArray<readonly [what: string, answer: Answer]> = [
  ["502", text("<html>", { status: 502 })],
  ["500", failed(500, 2000, "Internal Error")],
  ["504", text("", { status: 504 })],
  ["408", text("", { status: 408 })],
  ["a reset", failing("ECONNRESET")],
  ["a body that breaks off", brokenOff()]
]

/** Answers to the PUT that say that the incident's state had changed. */
const conflicts: ReadonlyArray<readonly [what: string, answer: Answer]> = [
  ["1001", failed(400, 1001, "Incident Already Resolved")],
  ["1002", failed(400, 1002, "Incident Already Acknowledged")],
  ["2001 in words", failed(400, 2001, "Invalid Input Provided", ["Incident is already resolved"])],
  ["a string", worded(400, "Incident already acknowledged")]
]

describe("a write that may have happened", () => {
  it.effect.each(ambiguous)("%s: it had happened", ([, answer]) =>
    Effect.gen(function*() {
      const { acknowledgement } = yield* result(acknowledge())
      deepStrictEqual(acknowledgement.acknowledgedAt, DateTime.unsafeMake(acknowledgedAt))
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, answer, taken]))))

  it.effect.each(ambiguous)("%s: it had not happened, and is not repeated", ([, answer]) =>
    Effect.gen(function*() {
      const error = yield* refusal(acknowledge())
      assert.isTrue(
        error._tag === "UpstreamFailed" && (error.reason === "unavailable" || error.reason === "unreachable")
      )
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, answer, triggered]))))

  it.effect.each(ambiguous)("%s: the incident has been resolved meanwhile", ([, answer]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(acknowledge()))._tag, "IncidentResolved")
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, answer, one(resolved)]))))

  it.effect("an answer that cannot be read leaves it to PagerDuty as well", () =>
    Effect.gen(function*() {
      const { acknowledgement } = yield* result(acknowledge())
      assert.strictEqual(acknowledgement.status, "acknowledged")
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, text("<html>200 from a proxy</html>"), taken]))))

  it.effect("the re-read is retried as any read", () =>
    Effect.gen(function*() {
      yield* result(acknowledge())
      deepStrictEqual(yield* paths, [get, put, get, get])
    }).pipe(Effect.provide(answering([triggered, text("", { status: 502 }), text("", { status: 503 }), taken]))))

  it.effect("silence ends with the deadline, and nothing is repeated", () =>
    Effect.gen(function*() {
      const error = yield* refusal(acknowledge())
      assert.isTrue(error._tag === "UpstreamFailed" && error.details === "Request timeout after 10000ms")
      deepStrictEqual(yield* paths, [get, put])
    }).pipe(Effect.provide(answering([triggered, silent]))))

  it.effect("the deadline is one over reads and write", () =>
    Effect.gen(function*() {
      const error = yield* refusal(acknowledge())
      assert.isTrue(error._tag === "UpstreamFailed" && error.details === "Request timeout after 10000ms")
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([
      late("4 seconds", triggered),
      late("4 seconds", text("", { status: 502 })),
      late("4 seconds", taken)
    ]))))
})

describe("a write that did not happen", () => {
  it.effect.each(["ECONNREFUSED", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT"])(
    "%s: it is repeated",
    (code) =>
      Effect.gen(function*() {
        yield* result(acknowledge())
        deepStrictEqual(yield* paths, [get, put, put])
      }).pipe(Effect.provide(answering([triggered, failing(code), taken])))
  )

  it.effect.each([429, 400])(
    "throttling, as %s with code 2020, is waited for and repeated",
    (status) =>
      Effect.gen(function*() {
        yield* result(acknowledge())
        deepStrictEqual(yield* paths, [get, put, put])
      }).pipe(Effect.provide(answering([triggered, failed(status, 2020, "Rate Limit Exceeded"), taken])))
  )

  it.effect.each<readonly [code: number, status: number, words: string]>([
    [1008, 400, "Requester User Not Found"],
    [1018, 403, "Requester User Not Authorized"],
    [1018, 400, "Requester User Not Authorized"],
    [2001, 400, "Invalid Input Provided"]
  ])("%s with status %s is PagerDuty's refusal, in its words", ([code, status, words]) =>
    Effect.gen(function*() {
      const error = yield* refusal(acknowledge({ changes: { fromEmail: "nobody@acme.com" } }))
      assert.isTrue(error._tag === "UpstreamRejected" && error.details === words)
      deepStrictEqual(yield* paths, [get, put])
    }).pipe(Effect.provide(answering([triggered, failed(status, code, words)]))))

  it.effect("an incident that has gone meanwhile is not found", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(acknowledge()))._tag, "IncidentNotFound")
    }).pipe(Effect.provide(answering([triggered, failed(404, 5001, "Incident Not Found")]))))
})

describe("a write that met another state", () => {
  it.effect.each(conflicts)("%s: somebody had acknowledged it", ([, answer]) =>
    Effect.gen(function*() {
      const { acknowledgement } = yield* result(acknowledge())
      deepStrictEqual(acknowledgement.acknowledgedAt, DateTime.unsafeMake(acknowledgedAt))
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, answer, taken]))))

  it.effect.each(conflicts)("%s: somebody had resolved it", ([, answer]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(acknowledge()))._tag, "IncidentResolved")
      deepStrictEqual(yield* paths, [get, put, get])
    }).pipe(Effect.provide(answering([triggered, answer, one(resolved)]))))

  it.effect.each(conflicts)(
    "%s: and PagerDuty shows the old state: its refusal stands",
    ([, answer]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* refusal(acknowledge()))._tag, "UpstreamRejected")
        deepStrictEqual(yield* paths, [get, put, get])
      }).pipe(Effect.provide(answering([triggered, answer, triggered])))
  )
})
