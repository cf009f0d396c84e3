import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { BenchFailed } from "../processes.ts"
import type { Results } from "../results.ts"
import { chart } from "./chart.ts"
import { conditions, figureTable, scenarioTable, verdictTable } from "./table.ts"
import type { Verdict } from "./verdicts.ts"

const page = "docs/performance.md"
const picture = "docs/performance.svg"

/** Replaces what stands between `<!-- <name>:begin -->` and `<!-- <name>:end -->`. */
export const between = (text: string, name: string, content: string): string | undefined => {
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  return from === -1 || to < from
    ? undefined
    : `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

/** Puts a table into a page, in the place that is kept for it. */
export const writeSection = (name: string, content: string, into: string = page) =>
  Effect.try({
    try: () => readFileSync(into, "utf8"),
    catch: () => new BenchFailed({ message: `${into} is missing` })
  }).pipe(
    Effect.flatMap((text) => {
      const written = between(text, name, content)
      return written === undefined
        ? new BenchFailed({ message: `${into} has no place for ${name}` })
        : Effect.sync(() => writeFileSync(into, written))
    })
  )

export const writeDocument = (results: Results, verdicts: ReadonlyArray<Verdict>) =>
  Effect.zipRight(
    writeSection(
      "bench",
      [
        conditions(results),
        scenarioTable(results),
        figureTable(results),
        verdictTable(verdicts)
      ].join("\n\n")
    ),
    Effect.sync(() => writeFileSync(picture, chart(results)))
  )
