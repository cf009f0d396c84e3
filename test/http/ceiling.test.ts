import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber, Layer, TestClock, TestServices } from "effect"
import { randomBytes } from "node:crypto"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { org } from "../fakes/Storage.ts"
import { failure } from "./ask.ts"
import { as, asNobody, configure, credentials, Faked, newOrg } from "./service.ts"

/** A vendor that never answers. */
const hanging = Layer.mock(PagerDuty, { oncall: () => Effect.never, verify: () => Effect.void })

const busy = failure(
  503,
  "SERVICE_UNAVAILABLE",
  "The service cannot take the request now",
  "Too many requests are under way"
)

const configured = Effect.tap(newOrg, (orgId) => configure(orgId, credentials.pagerduty))
const oncall = (orgId: string) => Effect.fork(as(orgId)("GET", "/api/integrations/pagerduty/oncall"))

/** An agent with an empty inbox, and the path to wait for it. */
const waiter = (orgId: string) =>
  Effect.gen(function*() {
    const repo = yield* AgentsRepo
    const id = `agent-incident-${randomBytes(3).toString("hex")}`
    yield* repo.assure(org(orgId), "default", id, yield* DateTime.now)
    return [orgId, `/api/agents/${id}/incidents?wait=30`] as const
  }).pipe(Effect.provide(AgentsRepo.Default))

/** Asks until the answer is of this status: what is asked for elsewhere has to have arrived. */
const until = (status: number, orgId: string) =>
  as(orgId)("GET", "/api/channel-routes").pipe(Effect.repeat({ until: (answer) => answer.status === status }))

/** Asks until there is an answer of this status without a wait. */
const untilAtOnce = <E, R>(status: number, asked: Effect.Effect<{ readonly status: number }, E, R>) =>
  asked.pipe(
    Effect.timeoutTo({ duration: "50 millis", onSuccess: ({ status }) => status, onTimeout: () => 0 }),
    TestServices.provideLive,
    Effect.repeat({ until: (answered) => answered === status })
  )

layer(Faked({ pagerduty: hanging, environment: { MAX_CONCURRENT_REQUESTS: "8", MAX_CONCURRENT_WAITS: "4" } }))(
  "a service that is full",
  (it) => {
    it.effect("says so at once, answers health checks, and goes on when there is room", () =>
      Effect.gen(function*() {
        const orgs = yield* Effect.replicateEffect(configured, 4)
        const other = yield* newOrg
        const held = yield* Effect.forEach(orgs.flatMap((orgId) => [orgId, orgId]), oncall)
        const refused = yield* until(503, other)
        assert.deepStrictEqual([refused.json, refused.headers["retry-after"]], [busy, "1"])
        assert.isString(refused.headers["x-request-id"])
        for (const path of ["/health", "/health/ready"]) assert.strictEqual((yield* asNobody("GET", path)).status, 200)
        // Neither path nor organisation is looked at.
        assert.strictEqual((yield* asNobody("GET", "/nope")).status, 503)
        assert.strictEqual((yield* asNobody("POST", "/api/webhooks/sentry", { body: {} })).status, 503)
        yield* Fiber.interruptAll(held)
        yield* until(200, other)
      }))

    it.effect("is never full of one organisation's requests", () =>
      Effect.gen(function*() {
        const [greedy, other] = [yield* configured, yield* newOrg]
        const held = yield* Effect.replicateEffect(oncall(greedy), 4)
        const refused = yield* until(429, greedy)
        assert.deepStrictEqual(
          [refused.json, refused.headers["retry-after"]],
          [failure(429, "RATE_LIMITED", "Too many requests", "The organisation has 4 requests under way"), "1"]
        )
        assert.strictEqual((yield* as(other)("GET", "/api/channel-routes")).status, 200)
        yield* Fiber.interruptAll(held)
        yield* until(200, greedy)
      }))

    it.effect("has room again when what was asked of it is done and nobody is there to hear of it", () =>
      Effect.gen(function*() {
        const impatient = yield* newOrg
        const sql = yield* SqlClient.SqlClient
        const mayGoOn = yield* Deferred.make<void>()
        const lock = sql`INSERT INTO channel_route_counters ${sql.insert({ orgId: impatient, lastNumber: 0 })}`
        const locked = yield* Effect.fork(sql.withTransaction(Effect.zipRight(lock, Deferred.await(mayGoOn))))
        const held = yield* Effect.replicateEffect(
          Effect.fork(
            as(impatient)("POST", "/api/channel-routes", {
              body: { channel: "slack", eventType: "a", channelId: "C1" }
            })
          ),
          4
        )
        yield* untilAtOnce(429, as(impatient)("GET", "/api/channel-routes"))
        yield* Fiber.interruptAll(held)
        // By the time these are answered the server has seen that they are gone.
        yield* Effect.replicateEffect(asNobody("GET", "/health"), 3)
        yield* Deferred.succeed(mayGoOn, undefined)
        yield* Fiber.join(locked)
        const made = yield* until(200, impatient)
        assert.strictEqual(made.text.match(/route-/g)?.length, 4)
      }))

    it.effect("counts agents that wait apart, and each organisation's", () =>
      Effect.gen(function*() {
        const orgs = yield* Effect.replicateEffect(newOrg, 3)
        const waiting = yield* Effect.forEach(orgs, waiter)
        const wait = ([orgId, path]: (typeof waiting)[number]) => as(orgId)("GET", path)
        const [one, two, three] = waiting
        if (one === undefined || two === undefined || three === undefined) return assert.fail()
        const untilWaits = (status: number, waiter: typeof one) => untilAtOnce(status, wait(waiter))
        const held = [yield* Effect.fork(wait(one)), yield* Effect.fork(wait(one))]
        yield* untilWaits(429, one)
        held.push(yield* Effect.fork(wait(two)), yield* Effect.fork(wait(two)))
        yield* untilWaits(503, three)
        // Those who do not wait are served, at the same place too.
        assert.strictEqual((yield* as(three[0])("GET", three[1].replace("wait=30", "wait=0"))).status, 200)
        assert.strictEqual((yield* as(one[0])("GET", "/api/channel-routes")).status, 200)
        yield* TestClock.adjust("30 seconds")
        const answers = yield* Effect.forEach(held, Fiber.join)
        assert.deepStrictEqual(answers.map(({ status }) => status), [200, 200, 200, 200])
      }))
  }
)
