import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber, Layer } from "effect"
import { ServiceUnavailable, UpstreamFailed } from "../../src/domain/Errors.ts"
import { Linear } from "../../src/integrations/linear/Linear.ts"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { Sentry } from "../../src/integrations/sentry/Sentry.ts"
import { failure } from "./ask.ts"
import { aFewTurns, as, asNobody, configuredOrg, Faked, newOrg } from "./service.ts"

const internal = { status: 500, body: failure(500, "INTERNAL_ERROR", "Internal error") }
/** The log tells the operator of it, the answer tells nobody. */
const secret = "cause-for-the-log-alone"

/** What one exchange that is hung up on makes the fakes see. */
const makeHangUp = Effect.all({
  reads: Deferred.make<void>(),
  readEnded: Deferred.make<void>(),
  writes: Deferred.make<void>(),
  gate: Deferred.make<void>(),
  writeEnded: Deferred.make<"finished" | "interrupted">()
})
let seen = Effect.runSync(makeHangUp)

const acknowledgedAt = DateTime.unsafeMake("2026-03-21T14:06:00Z")
const triggered = {
  id: "P1INC001",
  title: "t",
  status: "triggered",
  urgency: "high",
  service: null,
  createdAt: acknowledgedAt,
  assignee: null
} as const

/** Each method has its own way to go wrong. */
const Vendors = {
  pagerduty: Layer.mock(PagerDuty, {
    oncall: () =>
      Effect.suspend(() => Deferred.succeed(seen.reads, undefined)).pipe(
        Effect.zipRight(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(seen.readEnded, undefined))
      ),
    incidents: () =>
      Effect.fail(new UpstreamFailed({ vendor: "X", reason: "throttled", details: "d", retryAfterMs: 1 })),
    acknowledge: (_, id) =>
      Effect.suspend(() => Deferred.succeed(seen.writes, undefined)).pipe(
        Effect.zipRight(Effect.suspend(() => Deferred.await(seen.gate))),
        Effect.zipRight(Effect.suspend(() => Deferred.succeed(seen.writeEnded, "finished"))),
        Effect.onInterrupt(() => Deferred.succeed(seen.writeEnded, "interrupted")),
        Effect.as(
          {
            acknowledgement: { id, status: "acknowledged", acknowledgedAt },
            incident: triggered,
            changed: true
          } as const
        )
      ),
    verify: () => Effect.die(new Error(secret))
  }),
  linear: Layer.mock(Linear, {
    teams: () => Effect.succeed([{ id: "t", name: "T", key: "T", issueCount: Number.NaN }]),
    issues: () => Effect.die(new ServiceUnavailable({ details: secret })),
    create: () => Effect.sync(() => JSON.parse(secret))
  }),
  sentry: Layer.mock(Sentry, {
    issues: (_, { query }) =>
      query === "throw"
        ? Effect.sync((): never => {
          throw new Error(secret)
        })
        : query === "reject"
        ? Effect.promise(() => Promise.reject(new Error(secret)))
        : Effect.succeed({ issues: [], total: 1.5 })
  })
}

/** A write and a read begin, and their callers hang up; then the vendor takes the write. */
const hungUp = (orgId: string) =>
  Effect.gen(function*() {
    seen = yield* makeHangUp
    const ask = as(orgId)
    const write = yield* Effect.fork(ask("POST", "/api/integrations/pagerduty/incidents/P1/acknowledge", { body: {} }))
    yield* Deferred.await(seen.writes)
    const read = yield* Effect.fork(ask("GET", "/api/integrations/pagerduty/oncall"))
    yield* Deferred.await(seen.reads)
    yield* Fiber.interrupt(write)
    yield* Fiber.interrupt(read)
    // The read hung up later, so the server knows of both.
    yield* Deferred.await(seen.readEnded)
    yield* Deferred.succeed(seen.gate, undefined)
  })

layer(Faked(Vendors))("faults of our own", (it) => {
  it.effect("are an INTERNAL_ERROR that shows nothing of its cause", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      const issue = { title: "t", teamId: "team-eng" }
      const answers = [
        yield* ask("GET", "/api/observability/sentry?query=throw"),
        yield* ask("GET", "/api/observability/sentry?query=reject"),
        yield* ask("POST", "/api/integrations/linear/issues", { body: issue }),
        yield* ask("POST", "/api/integrations/configure?verify=true", {
          body: { integration: "pagerduty", config: { apiKey: "k" } }
        })
      ]
      for (const answer of answers) {
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal)
        assert.notInclude(answer.text, secret)
        assert.isString(answer.headers["x-request-id"])
      }
      assert.strictEqual((yield* asNobody("GET", "/health")).status, 200)
    }))

  it.effect("are not taken for the caller's where our answer does not fit its schema", () =>
    Effect.gen(function*() {
      const ask = as(yield* configuredOrg)
      for (const path of ["/api/integrations/linear/teams", "/api/observability/sentry"]) {
        const answer = yield* ask("GET", path)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal, path)
      }
    }))

  it.effect("are not taken for what they died of", () =>
    Effect.gen(function*() {
      const answer = yield* as(yield* configuredOrg)("GET", "/api/integrations/linear/issues")
      assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal)
    }))

  it.effect("a row that does not open is ours, and stays within its organisation", () =>
    Effect.gen(function*() {
      const [broken, whole] = [yield* configuredOrg, yield* configuredOrg]
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE integrations SET sealed = ${"AAAA"} WHERE org_id = ${broken}`
      const answer = yield* as(broken)("GET", "/api/integrations/linear")
      assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal)
      assert.strictEqual((yield* as(whole)("GET", "/api/integrations/linear")).status, 200)
      assert.strictEqual((yield* as(broken)("GET", "/api/integrations/status")).status, 200)
    }))

  it.effect("Retry-After is in whole seconds, rounded up", () =>
    Effect.gen(function*() {
      const answer = yield* as(yield* configuredOrg)("GET", "/api/integrations/pagerduty/incidents")
      assert.deepStrictEqual(
        { status: answer.status, body: answer.json, retryAfter: answer.headers["retry-after"] },
        { status: 502, body: failure(502, "UPSTREAM_ERROR", "Failed to fetch from X API", "d"), retryAfter: "1" }
      )
    }))

  it.effect("a caller who hangs up ends a read, but not a write", () =>
    Effect.gen(function*() {
      yield* hungUp(yield* configuredOrg)
      assert.strictEqual(yield* Deferred.await(seen.writeEnded), "finished")
      assert.strictEqual((yield* asNobody("GET", "/health")).status, 200)
    }))

  it.effect("what belongs to a write comes with it also then: the event of the acknowledgement", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      yield* hungUp(orgId)
      const sql = yield* SqlClient.SqlClient
      const events = yield* Effect.zipRight(aFewTurns, sql`SELECT type FROM events WHERE org_id = ${orgId}`).pipe(
        Effect.repeat({ times: 100, until: (found) => found.length > 0 })
      )
      assert.deepStrictEqual(events, [{ type: "incident.acknowledged" }])
    }))

  it.effect("the service goes on after many broken exchanges", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const fibers = yield* Effect.replicateEffect(
        Effect.fork(ask("POST", "/api/channel-routes", { body: { eventType: "a", channel: "slack", channelId: "C" } })),
        20
      )
      yield* Effect.forEach(fibers, Fiber.interrupt, { concurrency: "unbounded" })
      assert.strictEqual((yield* ask("GET", "/api/channel-routes")).status, 200)
    }))
})
