import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, TestClock } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import type { Answer } from "../http/ask.ts"
import { aFewTurns, as, asNobody, configure, Faked, newOrg } from "../http/service.ts"
import { growth, samples } from "./scrape.ts"

const down = new UpstreamFailed({
  vendor: "PagerDuty",
  reason: "unavailable",
  details: "PagerDuty is unavailable (503)"
})

/** Does what its keys say. */
const keys = { healed: false }
const Sick = Layer.mock(PagerDuty, {
  oncall: ({ apiKey }) => {
    const key = Redacted.value(apiKey)
    if (key === "hanging") return Effect.never
    return key === "dead" && !keys.healed ? down : Effect.succeed(null)
  }
})

const orgWith = (apiKey: string) =>
  Effect.tap(newOrg, (orgId) => configure(orgId, { integration: "pagerduty", config: { apiKey } }))
const oncall = (orgId: string) => as(orgId)("GET", "/api/integrations/pagerduty/oncall")
const refusedBy = (limit: string) => `{limit="${limit}"}`
const routes = (orgId: string) => as(orgId)("GET", "/api/channel-routes")

/** Asks until the answer is of this status: what is asked for elsewhere has to have arrived. */
const untilStatus = <E, R>(status: number, ask: Effect.Effect<Answer, E, R>) =>
  Effect.repeat(ask, { until: (answer) => answer.status === status })

const environment = {
  RATE_LIMIT: "10/s burst 200",
  WEBHOOK_RATE_LIMIT: "1/s burst 2",
  FAILURE_RATE_LIMIT: "1/s burst 3",
  MAX_CONCURRENT_REQUESTS: "8"
}

layer(Faked({ pagerduty: Sick, environment }))("what is refused or held back", (it) => {
  it.effect("is counted by the limit that refused it", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const tooFast = Effect.replicateEffect(routes(orgId), 203, { concurrency: 3 })
      assert.strictEqual(yield* growth("requests_refused_total", refusedBy("organisation_rate"), tooFast), 3)

      const hooked = yield* newOrg
      const webhookSecret = "a-client-secret"
      const config = { authToken: "sntrys_sandbox", organization: "acme", webhookSecret }
      yield* configure(hooked, { integration: "sentry", config })
      const webhook = (secret: string) =>
        asNobody("POST", `/api/webhooks/sentry?org=${hooked}`, {
          body: "{}",
          headers: signatureHeaders.sentry(secret, "{}")
        })
      const good = Effect.replicateEffect(webhook(webhookSecret), 3)
      assert.strictEqual(yield* growth("requests_refused_total", refusedBy("webhook_rate"), good), 1)
      const bad = Effect.replicateEffect(webhook("another-secret"), 5)
      assert.strictEqual(yield* growth("requests_refused_total", refusedBy("signature_failures"), bad), 2)
    }))

  it.effect("for want of room is counted by who has none, and metrics are still there to be read", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* orgWith("hanging"), yield* orgWith("hanging")]
      const held = yield* Effect.replicateEffect(Effect.fork(oncall(one)), 4)
      yield* aFewTurns
      const refused = untilStatus(429, routes(one))
      assert.isAtLeast(yield* growth("requests_refused_total", refusedBy("organisation_ceiling"), refused), 1)
      held.push(...(yield* Effect.replicateEffect(Effect.fork(oncall(two)), 4)))
      const full = untilStatus(503, routes(yield* newOrg))
      assert.isAtLeast(yield* growth("requests_refused_total", refusedBy("ceiling"), full), 1)
      yield* Fiber.interruptAll(held)
      yield* untilStatus(200, routes(yield* newOrg))
    }))

  it.effect("by breakers is counted, and so are those that are open", () =>
    Effect.gen(function*() {
      const orgId = yield* orgWith("dead")
      const open = Effect.map(samples("vendor_breakers_open"), (all) => all.get("{vendor=\"PagerDuty\"}"))
      const turned = (state: string) => `{vendor="PagerDuty",state="${state}"}`
      const fail = Effect.replicateEffect(oncall(orgId), 7)
      const refused = growth("vendor_calls_refused_total", "{vendor=\"PagerDuty\",reason=\"breaker\"}", fail)
      assert.strictEqual(yield* growth("vendor_breaker_transitions_total", turned("open"), refused), 1)
      assert.strictEqual(yield* open, 1)
      yield* TestClock.adjust("5 seconds")
      const tried = yield* growth("vendor_breaker_transitions_total", turned("half_open"), oncall(orgId))
      assert.strictEqual(tried, 1)
      assert.strictEqual(yield* open, 1)
      keys.healed = true
      yield* TestClock.adjust("10 seconds")
      const healed = growth("vendor_breaker_transitions_total", turned("closed"), oncall(orgId))
      assert.strictEqual(yield* healed, 1)
      assert.strictEqual(yield* open, 0)
    }))
})
