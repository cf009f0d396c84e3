import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { hang, slow } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { aFewTurns, as, configure, configuredOrg, credentials } from "./service.ts"

const vendors = [
  ["pagerduty", "/api/integrations/pagerduty/incidents"],
  ["linear", "/api/integrations/linear/teams"],
  ["sentry", "/api/observability/sentry"]
] as const

/** Lets what could call upstream do so: the answer to another request is there by then. */
const settled = (orgId: string) =>
  Effect.zipRight(aFewTurns, Effect.replicateEffect(as(orgId)("GET", "/api/integrations/status"), 3))

layer(Sandbox)("identical reads at the same time", (it) => {
  for (const [vendor, path] of vendors) {
    it.effect(`of ${vendor} share one upstream call within an organisation`, () =>
      Effect.gen(function*() {
        const standIn = (yield* StandIns)[vendor]
        const orgId = yield* configuredOrg
        yield* standIn.clear
        yield* standIn.script(slow(1000))
        const asked = yield* Effect.replicateEffect(Effect.fork(as(orgId)("GET", path)), 10)
        yield* standIn.awaitCalls(1)
        yield* settled(orgId)
        yield* TestClock.adjust("1 seconds")
        const answers = yield* Fiber.join(Fiber.all(asked))
        assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
        assert.lengthOf(new Set(answers.map(({ text }) => text)), 1)
        assert.lengthOf(yield* standIn.calls, 1)
        // Nothing is kept: a later one asks anew.
        yield* as(orgId)("GET", path)
        assert.lengthOf(yield* standIn.calls, 2)
      }))

    it.effect(`of ${vendor} are never shared between organisations`, () =>
      Effect.gen(function*() {
        const standIn = (yield* StandIns)[vendor]
        const orgs = [yield* configuredOrg, yield* configuredOrg]
        yield* standIn.clear
        yield* standIn.script(slow(1000), slow(1000))
        const asked = yield* Effect.forEach(orgs, (orgId) => Effect.fork(as(orgId)("GET", path)))
        yield* standIn.awaitCalls(2)
        yield* TestClock.adjust("1 seconds")
        const answers = yield* Fiber.join(Fiber.all(asked))
        assert.deepStrictEqual(answers.map(({ status }) => status), [200, 200])
        assert.lengthOf(yield* standIn.calls, 2)
      }))
  }

  it.effect("with other parameters are other reads", () =>
    Effect.gen(function*() {
      const { sentry } = yield* StandIns
      const ask = as(yield* configuredOrg)
      yield* sentry.clear
      yield* sentry.script(slow(1000), slow(1000), slow(1000))
      const searches = ["?limit=10", "?limit=11", "?limit=10&project=web"]
      const asked = yield* Effect.forEach(searches, (search) =>
        Effect.fork(ask("GET", `/api/observability/sentry${search}`)))
      yield* sentry.awaitCalls(3)
      yield* TestClock.adjust("1 seconds")
      const answers = yield* Fiber.join(Fiber.all(asked))
      assert.deepStrictEqual(
        answers.map(({ status }) =>
          status
        ),
        [200, 200, 200]
      )
    }))

  it.effect("with another config are other reads", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* linear.clear
      yield* linear.script(hang)
      const before = yield* Effect.fork(as(orgId)("GET", "/api/integrations/linear/teams"))
      yield* linear.awaitCalls(1)
      yield* configure(orgId, credentials.linear)
      assert.strictEqual((yield* as(orgId)("GET", "/api/integrations/linear/teams")).status, 200)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(before)).status, 502)
    }))

  it.effect("share a failure too, and one caller who hangs up takes nothing from the others", () =>
    Effect.gen(function*() {
      const { sentry } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* sentry.clear
      yield* sentry.script(hang)
      const ask = Effect.fork(as(orgId)("GET", "/api/observability/sentry"))
      const first = yield* ask
      yield* sentry.awaitCalls(1)
      const others = yield* Effect.replicateEffect(ask, 3)
      yield* settled(orgId)
      yield* Fiber.interrupt(first)
      yield* settled(orgId)
      yield* TestClock.adjust("10 seconds")
      const answers = yield* Fiber.join(Fiber.all(others))
      assert.deepStrictEqual(answers.map(({ status }) => status), [502, 502, 502])
      assert.lengthOf(yield* sentry.calls, 1)
    }))

  it.effect("writes are never shared", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const ask = as(yield* configuredOrg)
      yield* linear.clear
      const issue = { title: "Twice the same", teamId: "team-eng" }
      const created = yield* Effect.all(
        Array.from({ length: 2 }, () => ask("POST", "/api/integrations/linear/issues", { body: issue })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(created.map(({ status }) => status), [201, 201])
      assert.lengthOf(new Set(created.map(({ text }) => text)), 2)
    }))

  it.effect("with an Idempotency-Key one issue is made, whatever happens to the answer", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const ask = as(yield* configuredOrg)
      const create = (title: string) =>
        ask("POST", "/api/integrations/linear/issues", {
          headers: { "Idempotency-Key": "key-1" },
          body: { title, teamId: "team-eng" }
        })
      const first = yield* create("Once")
      yield* linear.clear
      const repeats = yield* Effect.all([create("Once"), create("Once")], { concurrency: "unbounded" })
      for (const { status, text } of repeats) assert.deepStrictEqual([status, text], [201, first.text])
      const other = yield* create("Another")
      assert.strictEqual(other.status, 409)
    }))
})
