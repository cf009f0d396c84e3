import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Metric, MetricBoundaries } from "effect"
import { labelled } from "../../src/observability/labelled.ts"
import { exposition } from "../../src/observability/prometheus.ts"

/** What the format shows of the metrics with this name. */
const shown = (name: string) =>
  Effect.map(Metric.snapshot, (pairs) => exposition(pairs.filter(({ metricKey }) => metricKey.name === name)))

describe("the Prometheus format", () => {
  it.effect("of a counter with labels is one family", () =>
    Effect.gen(function*() {
      const calls = labelled(
        Metric.counter("test_calls_total", { description: "Calls", incremental: true }),
        "vendor",
        "outcome"
      )
      yield* Metric.incrementBy(calls("PagerDuty", "ok"), 2)
      yield* Metric.increment(calls("Linear", "throttled"))
      const lines = (yield* shown("test_calls_total")).split("\n")
      assert.deepStrictEqual(lines.slice(0, 2), ["# HELP test_calls_total Calls", "# TYPE test_calls_total counter"])
      assert.sameMembers(lines.slice(2), [
        "test_calls_total{vendor=\"PagerDuty\",outcome=\"ok\"} 2",
        "test_calls_total{vendor=\"Linear\",outcome=\"throttled\"} 1",
        ""
      ])
    }))

  it.effect("of a histogram has cumulative buckets, their sum and their count", () =>
    Effect.gen(function*() {
      const seconds = Metric.histogram("test_seconds", MetricBoundaries.fromIterable([0.1, 1]))
      yield* Effect.forEach([0.05, 0.5, 0.5, 5], (value) => Metric.update(seconds, value))
      assert.deepStrictEqual((yield* shown("test_seconds")).split("\n"), [
        "# TYPE test_seconds histogram",
        "test_seconds_bucket{le=\"0.1\"} 1",
        "test_seconds_bucket{le=\"1\"} 3",
        "test_seconds_bucket{le=\"+Inf\"} 4",
        "test_seconds_sum 6.05",
        "test_seconds_count 4",
        ""
      ])
    }))

  it.effect("calls a gauge whatever may go down", () =>
    Effect.gen(function*() {
      yield* Metric.set(Metric.gauge("test_gauge"), 1.5)
      yield* Metric.incrementBy(Metric.counter("test_active"), -1)
      assert.strictEqual(yield* shown("test_gauge"), "# TYPE test_gauge gauge\ntest_gauge 1.5\n")
      assert.strictEqual(yield* shown("test_active"), "# TYPE test_active gauge\ntest_active -1\n")
    }))

  it.effect.prop(
    "never lets a label's text end its line or its quotes",
    [FastCheck.string({ unit: "binary" })],
    ([text]) =>
      Effect.gen(function*() {
        const name = "test_labels_total"
        yield* Metric.increment(Metric.tagged(Metric.counter(name, { incremental: true }), "text", text))
        for (const line of (yield* shown(name)).trimEnd().split("\n").slice(1)) {
          assert.match(line, /^test_labels_total\{text="(?:[^"\\\n]|\\[\\"n])*"\} \d+$/u)
        }
      })
  )
})
