import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema, Scope, TestClock } from "effect"
import { hang, html, lying, reset, slow, stalled, status, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { makePagerDuty } from "../../src/sandbox/pagerduty.ts"
import { ask, Broken, json, read } from "./ask.ts"

const headers = { authorization: "Token token=u+abcdef1234567890" }
const ack = { incident: { type: "incident_reference", status: "acknowledged" } }
const incident = read(Schema.Struct({ incident: Schema.Struct({ status: Schema.String }) }))

describe("a stand-in", () => {
  it.scoped("records calls and lets a test wait for them", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      const waiting = yield* Effect.fork(standIn.awaitCalls(2))
      yield* ask(`${standIn.url}/abilities?a=b`, { headers })
      yield* ask(`${standIn.url}/incidents/P1INC001`, { method: "PUT", headers, body: ack })
      const [first, second] = yield* Fiber.join(waiting)
      assert.deepInclude(first, { method: "GET", path: "/abilities", search: "?a=b", body: "" })
      assert.strictEqual(first?.headers.authorization, headers.authorization)
      assert.strictEqual(second?.body, JSON.stringify(ack))
      yield* standIn.clear
      assert.lengthOf(yield* standIn.calls, 0)
    }))

  it.scoped("is slow by its own clock", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      yield* standIn.script(slow(60_000))
      const asked = yield* Effect.fork(ask(`${standIn.url}/abilities`, { headers }))
      yield* standIn.awaitCalls(1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(asked)).status, 200)
    }))

  it.scoped("applies one fault to each call, in order, then is itself again", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      yield* standIn.script(throttled(7), status(503), status(502, "upstream gone"), status(418, { tea: true }), html)
      yield* standIn.script(lying)
      const call = ask(`${standIn.url}/abilities`, { headers })
      const limited = yield* call
      assert.strictEqual(limited.status, 429)
      assert.strictEqual(limited.headers.get("ratelimit-reset"), "7")
      assert.deepStrictEqual(json(limited), { error: { message: "Rate Limit Exceeded", code: 2020 } })
      assert.strictEqual((yield* call).status, 503)
      assert.deepInclude(yield* call, { status: 502, text: "upstream gone" })
      assert.deepStrictEqual(json(yield* call), { tea: true })
      assert.match((yield* call).headers.get("content-type") ?? "", /text\/html/)
      assert.deepStrictEqual(json(yield* call), { status: "ok" })
      assert.strictEqual((yield* call).status, 200)
    }))

  it.scoped("destroys the socket", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      yield* standIn.script(reset)
      assert.instanceOf(yield* Effect.flip(ask(`${standIn.url}/abilities`, { headers })), Broken)
    }))

  it.scoped("cuts an answer after the call has taken effect", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      yield* standIn.script(truncated)
      const url = `${standIn.url}/incidents/P1INC001`
      assert.instanceOf(yield* Effect.flip(ask(url, { method: "PUT", headers, body: ack })), Broken)
      assert.strictEqual((yield* incident(yield* ask(url, { headers }))).incident.status, "acknowledged")
    }))

  it.scoped("stalls after the headers and half of the body", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      yield* standIn.script(stalled)
      const half = yield* Effect.promise(async (signal) => {
        const response = await fetch(`${standIn.url}/abilities`, { headers, signal })
        const reader = response.body?.getReader()
        const first = await reader?.read()
        await reader?.cancel()
        return { promised: Number(response.headers.get("content-length")), got: first?.value?.length ?? 0 }
      })
      assert.isAbove(half.got, 0)
      assert.isBelow(half.got, half.promised)
    }))

  it.scoped("closes at once although a call hangs", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const standIn = yield* Scope.extend(makePagerDuty(), scope)
      yield* standIn.script(hang)
      const asked = yield* Effect.fork(Effect.flip(ask(`${standIn.url}/abilities`, { headers })))
      yield* standIn.awaitCalls(1)
      yield* Scope.close(scope, Exit.void)
      assert.instanceOf(yield* Fiber.join(asked), Broken)
    }))

  it.scoped("is scripted and looked into over HTTP, without showing secrets", () =>
    Effect.gen(function*() {
      const standIn = yield* makePagerDuty()
      const faults = `${standIn.url}/_sandbox/faults`
      const script = [{ _tag: "throttled", retryAfterSeconds: 3 }, { _tag: "hang" }]
      assert.deepStrictEqual(json(yield* ask(faults, { body: script })), { queued: 2 })
      assert.strictEqual((yield* ask(`${standIn.url}/abilities`, { headers })).status, 429)
      assert.deepStrictEqual(json(yield* ask(faults)), [{ _tag: "hang" }])
      assert.deepStrictEqual(json(yield* ask(faults, { method: "DELETE" })), { queued: 0 })
      assert.strictEqual((yield* ask(faults, { body: [{ _tag: "late" }] })).status, 400)
      const seen = yield* ask(`${standIn.url}/_sandbox/calls`)
      assert.include(seen.text, "\"path\":\"/abilities\"")
      assert.notInclude(seen.text, "abcdef")
    }))
})
