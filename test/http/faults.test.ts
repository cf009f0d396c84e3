import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Fiber, Option, TestClock } from "effect"
import { type Fault, hang, html, lying, reset, stalled, status, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { type Answer, failure } from "./ask.ts"
import { as, asNobody, configuredOrg, withoutPauses } from "./service.ts"

const vendors = [
  { id: "pagerduty", name: "PagerDuty", path: "/api/integrations/pagerduty/incidents", odd: " at incidents" },
  { id: "linear", name: "Linear", path: "/api/integrations/linear/teams", odd: " at data.teams" },
  { id: "sentry", name: "Sentry", path: "/api/observability/sentry", odd: "" }
] as const
type Vendor = typeof vendors[number]

const upstream = (name: string, details: string) => ({
  status: 502,
  body: failure(502, "UPSTREAM_ERROR", `Failed to fetch from ${name} API`, details)
})
const seen = ({ json, status }: Answer) => ({ status, body: json })

/** Reads are tried four times, so a fault that may pass has to come four times to show. */
const tries = 4
const always = (fault: Fault): ReadonlyArray<Fault> => Array.from({ length: tries }, () => fault)

const timedOut = "Request timeout after 10000ms"

/** Faults by what is said of them. Linear's own errors come with a 200, so there the lie is told apart. */
const lasting = (vendor: Vendor): ReadonlyArray<readonly [string, Fault, number, string]> => {
  const { id, name } = vendor
  const unexpected = `${name} answered with something unexpected`
  return [
    ["resets", reset, tries, `${name} could not be reached (UND_ERR_SOCKET)`],
    ["truncates", truncated, tries, `The connection to ${name} was cut`],
    ["answers HTML", html, 1, unexpected],
    id === "linear"
      ? ["answers 200 with errors", lying, tries, "Linear is unavailable (200)"]
      : ["answers 200 with something else", lying, 1, `${unexpected}${vendor.odd}`],
    ["answers 500", status(500), tries, `${name} is unavailable (500)`],
    ["answers 503", status(503), tries, `${name} is unavailable (503)`],
    ["answers 503 in HTML", status(503, "<html>token</html>"), tries, `${name} is unavailable (503)`],
    ["answers an empty 200", status(200, ""), 1, unexpected],
    [
      "redirects",
      status(302, ""),
      1,
      id === "sentry"
        ? "Sentry redirected the request (302): check region and baseUrl"
        : `${unexpected} (302)`
    ]
  ]
}

layer(Sandbox)("a vendor", (it) => {
  for (const vendor of vendors) {
    const standIn = Effect.map(StandIns, (standIns) => standIns[vendor.id])
    const begin = (...faults: ReadonlyArray<Fault>) =>
      Effect.gen(function*() {
        const it = yield* standIn
        const ask = as(yield* configuredOrg)
        yield* it.clear
        yield* it.script(...faults)
        // Vendors that tell the end of a wait as a moment tell it in whole seconds.
        const now = yield* Clock.currentTimeMillis
        yield* TestClock.setTime(Math.ceil(now / 1000) * 1000)
        return { ask: ask("GET", vendor.path), standIn: it }
      })

    for (const [how, fault, calls, details] of lasting(vendor)) {
      it.effect(`${vendor.name} that ${how} is a 502 with a reason`, () =>
        Effect.gen(function*() {
          const { ask, standIn } = yield* begin(...always(fault))
          assert.deepStrictEqual(seen(yield* withoutPauses(ask)), upstream(vendor.name, details))
          assert.lengthOf(yield* standIn.calls, calls)
          yield* standIn.clear
          assert.strictEqual((yield* ask).status, 200)
        }))
    }

    for (const [how, fault] of [["hangs", hang], ["stalls half-way", stalled]] as const) {
      it.effect(`${vendor.name} that ${how} is a 502 at the deadline`, () =>
        Effect.gen(function*() {
          const { ask, standIn } = yield* begin(fault)
          const asked = yield* Effect.fork(ask)
          yield* standIn.awaitCalls(1)
          yield* TestClock.adjust("9999 millis")
          assert.isTrue(Option.isNone(yield* Fiber.poll(asked)))
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(seen(yield* Fiber.join(asked)), upstream(vendor.name, timedOut))
          assert.strictEqual((yield* ask).status, 200)
        }))
    }

    it.effect(`${vendor.name} that throttles beyond the deadline is a 502 at once, with the wait`, () =>
      Effect.gen(function*() {
        const { ask, standIn } = yield* begin(throttled(12))
        const answer = yield* ask
        assert.strictEqual(answer.headers["retry-after"], "12")
        assert.deepStrictEqual(
          seen(answer),
          upstream(vendor.name, `${vendor.name} rate limit exceeded, retry after 12s`)
        )
        assert.lengthOf(yield* standIn.calls, 1)
      }))

    it.effect(`${vendor.name} that throttles for a moment is asked again, and not before`, () =>
      Effect.gen(function*() {
        const { ask, standIn } = yield* begin(throttled(3))
        assert.strictEqual((yield* withoutPauses(ask, 3000)).status, 200)
        const [first, second] = yield* standIn.calls
        assert.isAtLeast((second?.atMs ?? 0) - (first?.atMs ?? 0), 3000)
      }))

    for (const [how, fault] of [["resets", reset], ["truncates", truncated], ["fails", status(502)]] as const) {
      it.effect(`${vendor.name} that ${how} once is asked again`, () =>
        Effect.gen(function*() {
          const { ask, standIn } = yield* begin(fault)
          assert.strictEqual((yield* withoutPauses(ask)).status, 200)
          assert.lengthOf(yield* standIn.calls, 2)
        }))
    }

    it.effect(`${vendor.name} that fails in turns stays one deadline in all`, () =>
      Effect.gen(function*() {
        const { ask, standIn } = yield* begin(status(503), hang)
        const asked = yield* Effect.fork(ask)
        yield* withoutPauses(standIn.awaitCalls(2))
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(seen(yield* Fiber.join(asked)), upstream(vendor.name, timedOut))
      }))
  }

  it.effect("that is down for good leaves the service and the other vendors as they are", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const ask = as(yield* configuredOrg)
      yield* pagerduty.clear
      yield* pagerduty.script(hang)
      const asked = yield* Effect.fork(ask("GET", "/api/integrations/pagerduty/incidents"))
      yield* pagerduty.awaitCalls(1)
      assert.strictEqual((yield* ask("GET", "/api/integrations/linear/teams")).status, 200)
      assert.strictEqual((yield* asNobody("GET", "/health/ready")).status, 200)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(asked)).status, 502)
    }))
})
