import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { backlogGauges } from "../../src/alerts/Backlog.ts"
import { BacklogRepo } from "../../src/persistence/BacklogRepo.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { asNobody, withoutPauses } from "../http/service.ts"
import { acme, configured, emit, org, pass, route } from "../sandbox/alerts.ts"
import { growth, samples } from "./scrape.ts"

const Measured = backlogGauges(["slack", "discord", "telegram", "whatsapp"]).pipe(
  Layer.provide(BacklogRepo.Default),
  Layer.provideMerge(Sandbox)
)

layer(Measured)("GET /metrics", (it) => {
  it.effect("is Prometheus' text, for whoever asks", () =>
    Effect.gen(function*() {
      const { headers, status } = yield* asNobody("GET", "/metrics")
      assert.strictEqual(status, 200)
      assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/)
    }))

  it.effect("counts calls to vendors by outcome, and those that were made again", () =>
    Effect.gen(function*() {
      yield* configured()
      const { pagerduty } = yield* StandIns
      const oncall = acme("GET", "/api/integrations/pagerduty/oncall")
      const labels = "{vendor=\"PagerDuty\",operation=\"oncalls.list\",outcome=\"ok\"}"
      assert.strictEqual(yield* growth("vendor_calls_total", labels, oncall), 1)
      const failedOnce = Effect.zipRight(
        pagerduty.script({ _tag: "status", code: 503 }),
        withoutPauses(oncall)
      )
      const failed = "{vendor=\"PagerDuty\",operation=\"services.get\",outcome=\"unavailable\"}"
      assert.strictEqual(yield* growth("vendor_calls_total", failed, failedOnce), 1)
      const retried = "{vendor=\"PagerDuty\",operation=\"services.get\"}"
      assert.strictEqual(yield* growth("vendor_retries_total", retried, failedOnce), 1)
    }))

  it.effect("counts events, attempts and what became of deliveries", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* route("slack")
      const deliver = Effect.zipRight(emit("Deployed"), pass(2))
      assert.strictEqual(
        yield* growth("events_accepted_total", "{source=\"api\",repeated=\"false\"}", deliver),
        1
      )
      assert.strictEqual(
        yield* growth("delivery_attempts_total", "{channel=\"slack\",outcome=\"delivered\"}", deliver),
        1
      )
      assert.strictEqual(
        yield* growth("deliveries_ended_total", "{channel=\"slack\",status=\"delivered\"}", deliver),
        1
      )
    }))

  it.effect("counts refused webhooks by the reason", () =>
    Effect.gen(function*() {
      const unsigned = asNobody("POST", `/api/webhooks/sentry?org=${org}`, { body: "{}" })
      assert.strictEqual(
        yield* growth("webhooks_refused_total", "{source=\"sentry\",reason=\"missing\"}", unsigned),
        1
      )
    }))

  it.effect("shows how much waits and since when, and that nothing does", () =>
    Effect.gen(function*() {
      // Telegram is not configured yet, so what goes there has to wait.
      yield* acme("DELETE", "/api/integrations/telegram")
      yield* route("telegram")
      yield* emit("Waits")
      yield* pass(60)
      const count = yield* samples("deliveries_waiting")
      const age = yield* samples("deliveries_oldest_waiting_seconds")
      assert.strictEqual(count.get("{channel=\"telegram\"}"), 1)
      assert.isAtLeast(age.get("{channel=\"telegram\"}") ?? 0, 30)
      assert.strictEqual(count.get("{channel=\"whatsapp\"}"), 0)
      assert.strictEqual(age.get("{channel=\"whatsapp\"}"), 0)
    }))

  it.effect("names no organisation", () =>
    Effect.gen(function*() {
      assert.notInclude((yield* asNobody("GET", "/metrics")).text, org)
    }))
})
