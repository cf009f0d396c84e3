import { parser } from "@prometheus-io/lezer-promql"
import * as metrics from "../../src/observability/metrics.ts"
import type { About } from "../../src/observability/named.ts"
import * as runtime from "../../src/observability/runtime.ts"

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"]

const isMetric = (value: unknown): value is { readonly about: About } => typeof value === "function" && "about" in value

/** Every metric of ours. */
export const catalogue: ReadonlyArray<About> = Object.values({ ...metrics, ...runtime }).flatMap((value) =>
  isMetric(value) ? [value.about] : []
)

/** Every metric that there is. */
export const everything: ReadonlyArray<About> = [...catalogue, ...runtime.ofEffect]

/** What Prometheus adds to each series, and makes itself. */
const added = ["job", "instance"]
const ofPrometheus: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [["up", added]]

/** The labels of each series, by the name that queries use. */
const series: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ...ofPrometheus,
  ...everything.flatMap(({ labels, name, type }): ReadonlyArray<readonly [string, ReadonlyArray<string>]> => {
    const all = [...labels, ...added]
    return type === "histogram"
      ? [[`${name}_bucket`, [...all, "le"]], [`${name}_sum`, all], [`${name}_count`, all]]
      : [[name, all]]
  })
])

const nodes = (query: string) => {
  const found: Array<SyntaxNode> = []
  parser.parse(query).iterate({ enter: ({ node }) => void found.push(node) })
  return found
}

const above = (node: SyntaxNode, name: string): SyntaxNode | null => {
  for (let at = node.parent; at !== null; at = at.parent) if (at.name === name) return at
  return null
}

/** Names of series, in the order in which they stand there. */
const selected = (query: string, within?: SyntaxNode) =>
  nodes(query)
    .filter(({ name, parent }) => name === "Identifier" && parent?.name === "VectorSelector")
    .filter(({ from, to }) => within === undefined || from >= within.from && to <= within.to)
    .map(({ from, to }) => query.slice(from, to))

/** What is wrong with a query: its syntax, a metric that there is not, a label that its metrics have not. */
export const problems = (query: string): ReadonlyArray<string> => {
  const all = nodes(query)
  const textOf = ({ from, to }: SyntaxNode) => query.slice(from, to)
  const syntax = all.filter(({ type }) => type.isError).map(({ from }) => `syntax at ${from}: ${query.slice(from)}`)
  const names = selected(query).filter((name) => !series.has(name)).map((name) => `no metric ${name}`)
  const labels = all.filter(({ name }) => name === "LabelName").flatMap((node) => {
    const of = above(node, "VectorSelector") ?? above(node, "AggregateExpr") ?? above(node, "BinaryExpr")
    const metrics = of === null ? [] : selected(query, of)
    const label = textOf(node)
    return metrics.filter((name) => series.get(name)?.includes(label) !== true).map((name) => `no ${label} on ${name}`)
  })
  return [...syntax, ...names, ...labels, ...(selected(query).length === 0 ? ["no metric at all"] : [])]
}

/** The labels that the result of a query still has, as far as they are named by it. */
export const resultLabels = (query: string): ReadonlyArray<string> => {
  const grouped = nodes(query).filter(({ name }) => name === "GroupingLabels")
  return grouped.length === 0
    ? selected(query).flatMap((name) => series.get(name) ?? [])
    : nodes(query).filter((node) => node.name === "LabelName" && above(node, "GroupingLabels") !== null)
      .map(({ from, to }) => query.slice(from, to))
}

/** The metrics that a query looks at. */
export const metricsOf = (query: string): ReadonlyArray<string> =>
  selected(query).map((name) => name.replace(/_(?:bucket|sum|count)$/, ""))
