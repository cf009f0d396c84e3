import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { throughputReport } from "./cluster/report.ts"
import { quick as quickly, throughput, whole as wholly } from "./cluster/throughput.ts"
import { growth } from "./growth/growth.ts"
import { BenchFailed } from "./processes.ts"
import { profiles } from "./profile.ts"
import { writeDocument, writeSection } from "./report/document.ts"
import { conditions, figureTable, scenarioTable, verdictTable } from "./report/table.ts"
import { verdicts } from "./report/verdicts.ts"
import { quick, suite, whole } from "./suite.ts"
import { targets } from "./targets.ts"

const usage = `npm run bench -- [options]
  --quick          a minute; fails where a ratio is below half of its target, or of what it was
  --write          also writes docs/performance.md and its chart
  --growth         how each hot path's cost grows with the data, instead
  --processes      one, two and three processes over PostgreSQL next to SQLite, instead; --write into docs/scaling.md
  --only <text>    only the scenario with this id, or those whose id contains it
  --profile        also writes CPU profiles, and prints where the time went`

const options = Effect.try({
  try: () =>
    parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        growth: { type: "boolean", default: false },
        processes: { type: "boolean", default: false },
        profile: { type: "boolean", default: false },
        only: { type: "string" }
      }
    }).values,
  catch: () => new BenchFailed({ message: usage })
})

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "integrations-bench-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const program = Effect.gen(function*() {
  const { growth: grows, only, processes, profile, quick: inHaste, write } = yield* options
  const directory = yield* temporary
  if (grows) {
    const table = yield* growth(directory)
    yield* Console.log(table)
    if (write) yield* writeSection("growth", table)
    return
  }
  if (processes) {
    const extent = inHaste ? quickly : wholly
    const report = throughputReport(yield* throughput({ directory, profile }, extent), extent)
    yield* Console.log(report)
    if (write) yield* writeSection("processes", report, "docs/scaling.md")
    return
  }
  if (write && (inHaste || only !== undefined)) {
    return yield* new BenchFailed({ message: "--write takes the whole of it, without --quick and --only" })
  }
  const results = yield* suite({ directory, profile }, { ...(inHaste ? quick : whole), only })
  const judged = verdicts(results, targets)
  yield* Console.log(
    [conditions(results), scenarioTable(results), figureTable(results), verdictTable(judged)].join("\n\n")
  )
  yield* Effect.sync(() => writeFileSync("bench/results.json", `${JSON.stringify(results, null, 2)}\n`))
  if (profile) yield* Console.log(yield* profiles(directory))
  if (write) yield* writeDocument(results, judged)
  const alarming = judged.filter((one) => one.alarming)
  if (inHaste && alarming.length > 0) {
    const message = alarming.map(({ scenario, text }) => `${scenario}: ${text}`).join("\n")
    return yield* new BenchFailed({ message: `Below half of the target, or of what was reached:\n${message}` })
  }
}).pipe(
  Effect.scoped,
  Effect.tapErrorTag("BenchFailed", ({ message }) => Console.error(message))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
