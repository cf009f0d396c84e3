import { Metric, MetricLabel } from "effect"

/** One value for each label, in the order of the labels. */
type Values<Labels extends ReadonlyArray<string>> = { readonly [At in keyof Labels]: string }

/**
 * A metric with labels whose values are few and known: `labelled(calls, "vendor", "outcome")("PagerDuty", "ok")`. Each
 * combination is looked up once, because tagging a metric anew costs more than what is counted.
 */
export const labelled = <Type, In, Out, const Labels extends ReadonlyArray<string>>(
  metric: Metric.Metric<Type, In, Out>,
  ...labels: Labels
) => {
  const known = new Map<string, Metric.Metric<Type, In, Out>>()
  return (...values: Values<Labels>): Metric.Metric<Type, In, Out> => {
    const key = values.join("\n")
    const found = known.get(key)
    if (found !== undefined) return found
    const tagged = Metric.taggedWithLabels(
      metric,
      labels.map((label, at) => MetricLabel.make(label, values[at] ?? ""))
    )
    known.set(key, tagged)
    return tagged
  }
}
