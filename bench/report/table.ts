import { type Measured, ratio, type Results, type ScenarioResult } from "../results.ts"
import type { Spread } from "../statistics.ts"
import type { Verdict } from "./verdicts.ts"

export const whole = (value: number) => Number.isFinite(value) ? Math.round(value).toLocaleString("en") : ""
export const fine = (value: number) =>
  !Number.isFinite(value) ? "" : value >= 100 ? whole(value) : value.toFixed(value >= 10 ? 1 : 2)
export const spreadOf = ({ max, median, min }: Spread) => `${whole(median)} (${whole(min)}–${whole(max)})`

/** A Markdown table whose columns line up, so that it reads well on a terminal too. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${
      cells.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))
        .join(" | ")
    } |`
  const rule = `|${
    widths.map((width, column) => column === 0 ? `${"-".repeat(width + 2)}` : `${"-".repeat(width + 1)}:`).join("|")
  }|`
  return [line(head), rule, ...rows.map(line)].join("\n")
}

const optional = (of: (measured: Measured) => string, measured: Measured | undefined) =>
  measured === undefined ? "" : of(measured)

const scenarioRow = (result: ScenarioResult): ReadonlyArray<string> => {
  const { bare, baseline, ours } = result.servers
  const factor = (to: "baseline" | "bare") => ratio(result, to)?.toFixed(2) ?? ""
  return [
    result.title,
    optional(({ rate }) => spreadOf(rate), ours),
    optional(({ rate }) => spreadOf(rate), baseline),
    factor("baseline"),
    optional(({ rate }) => whole(rate.median), bare),
    factor("bare"),
    optional(({ p50Ms }) => fine(p50Ms), ours),
    optional(({ p99Ms }) => fine(p99Ms), ours),
    optional(({ p99Ms }) => fine(p99Ms), baseline),
    optional(({ cpuUsPerRequest }) => whole(cpuUsPerRequest), ours),
    optional(({ cpuUsPerRequest }) => whole(cpuUsPerRequest), baseline),
    optional(({ vendorCallsPerRequest }) => fine(vendorCallsPerRequest), ours),
    optional(({ vendorCallsPerRequest }) => fine(vendorCallsPerRequest), baseline),
    optional(({ rssMb }) => whole(rssMb), ours),
    optional(({ rssMb }) => whole(rssMb), baseline)
  ]
}

const scenarioHead = [
  "scenario",
  "ours/s",
  "baseline/s",
  "ratio",
  "bare/s",
  "ratio",
  "p50 ms",
  "p99 ms",
  "its p99",
  "CPU µs",
  "its CPU",
  "vendor calls",
  "its calls",
  "RSS MB",
  "its RSS"
]

export const scenarioTable = ({ scenarios }: Results): string => table(scenarioHead, scenarios.map(scenarioRow))

export const figureTable = ({ figures }: Results): string =>
  table(
    ["figure", "unit", "ours", "baseline"],
    figures.map(({ baseline, ours, title, unit }) => [
      title,
      unit,
      spreadOf(ours),
      baseline === undefined ? "" : spreadOf(baseline)
    ])
  )

export const verdictTable = (verdicts: ReadonlyArray<Verdict>): string =>
  table(["scenario", "target", ""], verdicts.map(({ met, scenario, text }) => [scenario, text, met ? "met" : "missed"]))

export const conditions = (
  { loadAverage, machine, measuredAt, node, rounds, secondsEach, tookSeconds }: Results
): string =>
  `Measured ${
    measuredAt.slice(0, 16).replace("T", " ")
  } UTC on ${machine}, Node ${node}, load average ${loadAverage} before: ` +
  `medians of ${rounds} rounds of ${secondsEach} s each, with the lowest and highest in brackets; ${tookSeconds} s in all.`
