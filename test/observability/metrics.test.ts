import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { backlogGauges } from "../../src/alerts/Backlog.ts"
import { BacklogRepo } from "../../src/persistence/BacklogRepo.ts"
import { throttled } from "../../src/sandbox/Fault.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { asNobody, withoutPauses } from "../http/service.ts"
import { acme, configured, emit, org, pass, route } from "../sandbox/alerts.ts"
import { everything } from "./promql.ts"
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

  it.effect("shows how long vendors had destinations wait", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* route("discord")
      const { discord } = yield* StandIns
      yield* discord.script(throttled(7))
      const labels = (reason: string) => `{channel="discord",reason="${reason}"}`
      const held = Effect.zipRight(emit("Held back"), pass(15))
      assert.strictEqual(yield* growth("destination_wait_seconds_sum", labels("throttled"), held), 7)
      assert.strictEqual((yield* samples("destination_wait_seconds_count")).get(labels("throttled")), 1)
      const calls = "{vendor=\"Discord\",operation=\"channels.messages.create\",outcome=\"throttled\"}"
      assert.strictEqual((yield* samples("vendor_calls_total")).get(calls), 1)
    }))

  it.effect("shows how the process is", () =>
    Effect.gen(function*() {
      const { text } = yield* asNobody("GET", "/metrics")
      const valueOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])
      assert.isAbove(valueOf("process_resident_memory_bytes"), 10_000_000)
      assert.isAbove(valueOf("process_resident_memory_bytes"), valueOf("nodejs_heap_size_used_bytes"))
      assert.isAbove(valueOf("process_cpu_seconds_total"), 0)
      assert.closeTo(valueOf("process_start_time_seconds"), performance.timeOrigin / 1000, 1)
      assert.isAtLeast(valueOf("nodejs_eventloop_lag_max_seconds"), valueOf("nodejs_eventloop_lag_p99_seconds"))
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

  it.effect("shows no metric that is not in the catalogue", () =>
    Effect.gen(function*() {
      const { text } = yield* asNobody("GET", "/metrics")
      const shown = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
      assert.isAbove(shown.length, 15)
      assert.includeMembers(everything.map(({ name, type }) => `${name} ${type}`), shown)
    }))

  it.effect("names no organisation", () =>
    Effect.gen(function*() {
      assert.notInclude((yield* asNobody("GET", "/metrics")).text, org)
    }))
})
