import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import { type Fault, hang, stalled, status, throttled } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at, failure } from "../http/ask.ts"
import { as, configuredOrg, withoutPauses } from "../http/service.ts"

const vendors = [
  ["sentry", "Sentry", "/api/observability/sentry"],
  ["pagerduty", "PagerDuty", "/api/integrations/pagerduty/incidents"],
  ["linear", "Linear", "/api/integrations/linear/teams"]
] as const

layer(Sandbox)("peers' defect 12, calls that have no timeout and no retry, at", (it) => {
  for (const [id, name, path] of vendors) {
    it.effect(`${name}: a silent vendor is a 502 at the deadline, headers without a body too`, () =>
      Effect.gen(function*() {
        const standIn = (yield* StandIns)[id]
        const ask = as(yield* configuredOrg)
        for (const fault of [hang, stalled]) {
          yield* standIn.clear
          yield* standIn.script(fault)
          const before = yield* Clock.currentTimeMillis
          const asked = yield* Effect.fork(ask("GET", path))
          yield* standIn.awaitCalls(1)
          yield* TestClock.adjust("10 seconds")
          const answer = yield* Fiber.join(asked)
          const expected = failure(
            502,
            "UPSTREAM_ERROR",
            `Failed to fetch from ${name} API`,
            "Request timeout after 10000ms"
          )
          assert.deepStrictEqual([answer.status, answer.json], [502, expected], fault._tag)
          assert.strictEqual((yield* Clock.currentTimeMillis) - before, 10_000)
        }
      }))

    it.effect(`${name}: what passes is tried again, and throttling says how long it lasts`, () =>
      Effect.gen(function*() {
        const standIn = (yield* StandIns)[id]
        const ask = as(yield* configuredOrg)
        yield* standIn.clear
        yield* standIn.script(status(503), throttled(1))
        assert.strictEqual((yield* withoutPauses(ask("GET", path), 3000)).status, 200)
        assert.lengthOf(yield* standIn.calls, 3)
        yield* standIn.clear
        yield* standIn.script(...Array.from({ length: 4 }, (): Fault => throttled(120)))
        const answer = yield* withoutPauses(ask("GET", path))
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [502, "UPSTREAM_ERROR"])
        // Linear says no with a 400 here, which is no opaque failure either.
        assert.match(String(at(answer.json, "details")), new RegExp(`^${name} rate limit exceeded, retry after \\d+s$`))
        assert.match(String(answer.headers["retry-after"]), /^\d+$/)
      }))
  }
})
