import { cpus } from "node:os"
import { fine, spreadOf, table, whole } from "../report/table.ts"
import type { Extent, Throughput } from "./throughput.ts"

const head = [
  "database, processes",
  "webhooks/s",
  "p50 ms",
  "p99 ms",
  "CPU µs",
  "database's",
  "deliveries/s",
  "CPU µs",
  "database's"
]

const database = (on: Throughput["on"], cpuUs: number) => on === "SQLite" ? "in it" : whole(cpuUs)

const row = ({ deliveries, on, processes, webhooks }: Throughput): ReadonlyArray<string> => [
  `${on}, ${processes}`,
  spreadOf(webhooks.rate),
  fine(webhooks.p50Ms),
  fine(webhooks.p99Ms),
  whole(webhooks.cpuUs),
  database(on, webhooks.databaseCpuUs),
  spreadOf(deliveries.rate),
  whole(deliveries.cpuUs),
  database(on, deliveries.databaseCpuUs)
]

/** As the page shows it. */
export const throughputReport = (
  all: ReadonlyArray<Throughput>,
  { cycles, drained, rounds, seconds }: Extent
): string => {
  const processors = cpus()
  const conditions =
    `Measured ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC on ${processors.length} × ` +
    `${processors[0]?.model ?? "unknown"}, Node ${process.version}: medians of ${cycles} × ${rounds} rounds of ` +
    `${seconds} s and of ${cycles} × ${drained.toLocaleString("en")} messages, with the lowest and highest in brackets.`
  const written = all.find(({ on }) => on === "PostgreSQL")?.written
  const bytes = written === undefined
    ? ""
    : `\n\nA webhook with one delivery that waits takes ${
      whole(written.size)
    } bytes of PostgreSQL's tables and indexes ` +
      `and ${whole(written.log)} of its log.`
  return `${conditions}\n\n${table(head, all.map(row))}${bytes}`
}
