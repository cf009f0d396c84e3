import { Metric, type MetricBoundaries } from "effect"
import { labelled } from "./labelled.ts"

/** What there is to know of a metric without looking at it. */
export interface About {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly description: string
  readonly labels: ReadonlyArray<string>
}

/** A metric by its label values, with `about` for whoever documents or checks it. */
const named = <Type, In, Out, const Labels extends ReadonlyArray<string>>(
  type: About["type"],
  [name, description, ...labels]: readonly [name: string, description: string, ...labels: Labels],
  metric: Metric.Metric<Type, In, Out>
) => {
  const about: About = { name, type, description, labels }
  return Object.assign(labelled(metric, ...labels), { about })
}

type Definition<Labels extends ReadonlyArray<string>> = readonly [
  name: string,
  description: string,
  ...labels: Labels
]

export const counter = <const Labels extends ReadonlyArray<string>>(...definition: Definition<Labels>) => {
  const [name, description] = definition
  return named("counter", definition, Metric.counter(name, { description, incremental: true }))
}

export const gauge = <const Labels extends ReadonlyArray<string>>(...definition: Definition<Labels>) => {
  const [name, description] = definition
  return named("gauge", definition, Metric.gauge(name, { description }))
}

export const histogramOf =
  (boundaries: MetricBoundaries.MetricBoundaries) =>
  <const Labels extends ReadonlyArray<string>>(...definition: Definition<Labels>) => {
    const [name, description] = definition
    return named("histogram", definition, Metric.histogram(name, boundaries, description))
  }
