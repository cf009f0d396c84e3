import {
  Array,
  Metric,
  type MetricKey,
  MetricKeyType,
  type MetricLabel,
  type MetricPair,
  MetricState,
  Option
} from "effect"
import { lookNow } from "./whenLookedAt.ts"

/* Effect's metrics in Prometheus' text format, version 0.0.4, which Effect 3 has no exporter for. */

/** The media type of what `exposition` gives. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

const escapedLabel = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")
const escapedHelp = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const name = (text: string) => text.replace(/[^a-zA-Z0-9_:]/g, "_")
const number = (value: number | bigint) => value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value)

type Label = readonly [key: string, value: string]

const sample = (metric: string, labels: ReadonlyArray<Label>, value: number | bigint) => {
  const shown = labels.map(([key, text]) => `${name(key)}="${escapedLabel(text)}"`).join(",")
  return `${metric}${shown === "" ? "" : `{${shown}}`} ${number(value)}`
}

interface Family {
  readonly type: "counter" | "gauge" | "histogram" | "summary"
  readonly samples: ReadonlyArray<string>
}

const histogram = (metric: string, labels: ReadonlyArray<Label>, state: MetricState.MetricState.Histogram): Family => {
  const bounded = state.buckets.filter(([bound]) => Number.isFinite(bound))
  return {
    type: "histogram",
    samples: [
      ...bounded.map(([bound, count]) => sample(`${metric}_bucket`, [...labels, ["le", number(bound)]], count)),
      sample(`${metric}_bucket`, [...labels, ["le", "+Inf"]], state.count),
      sample(`${metric}_sum`, labels, state.sum),
      sample(`${metric}_count`, labels, state.count)
    ]
  }
}

const summary = (metric: string, labels: ReadonlyArray<Label>, state: MetricState.MetricState.Summary): Family => ({
  type: "summary",
  samples: [
    ...state.quantiles.flatMap(([quantile, value]) =>
      Option.toArray(value).map((found) => sample(metric, [...labels, ["quantile", String(quantile)]], found))
    ),
    sample(`${metric}_sum`, labels, state.sum),
    sample(`${metric}_count`, labels, state.count)
  ]
})

const labelsOf = (labels: ReadonlyArray<MetricLabel.MetricLabel>): ReadonlyArray<Label> =>
  labels.map(({ key, value }) => [key, value])

const family = (key: MetricKey.MetricKey.Untyped, state: MetricState.MetricState.Untyped): Family => {
  const metric = name(key.name)
  const labels = labelsOf(key.tags)
  if (MetricState.isHistogramState(state)) return histogram(metric, labels, state)
  if (MetricState.isSummaryState(state)) return summary(metric, labels, state)
  if (MetricState.isFrequencyState(state)) {
    return {
      type: "counter",
      samples: [...state.occurrences].map(([word, count]) => sample(metric, [...labels, ["key", word]], count))
    }
  }
  if (MetricState.isCounterState(state)) {
    // What may also go down is a gauge to Prometheus.
    const type = MetricKeyType.isCounterKey(key.keyType) && key.keyType.incremental ? "counter" : "gauge"
    return { type, samples: [sample(metric, labels, state.count)] }
  }
  if (MetricState.isGaugeState(state)) return { type: "gauge", samples: [sample(metric, labels, state.value)] }
  return { type: "gauge", samples: [] }
}

/** One family after the other, each with its help and type, as the format demands. */
export const exposition = (pairs: ReadonlyArray<MetricPair.MetricPair.Untyped>): string =>
  Object.entries(Array.groupBy(pairs, ({ metricKey }) => name(metricKey.name)))
    .toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([metric, [first, ...rest]]) => {
      const families = [first, ...rest].map(({ metricKey, metricState }) => family(metricKey, metricState))
      const help = Option.match(first.metricKey.description, {
        onNone: () => [],
        onSome: (text) => [`# HELP ${metric} ${escapedHelp(text)}`]
      })
      return [
        ...help,
        `# TYPE ${metric} ${families[0]?.type ?? "gauge"}`,
        ...families.flatMap(({ samples }) => samples)
      ]
        .map((line) => `${line}\n`)
        .join("")
    })
    .join("")

/** What is measured now. */
export const currentExposition = (): string => {
  lookNow()
  return exposition(Metric.unsafeSnapshot())
}
