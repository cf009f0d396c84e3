import { Effect } from "effect"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { table } from "./report/table.ts"

interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }>
  readonly samples: ReadonlyArray<number>
  readonly timeDeltas: ReadonlyArray<number>
}

/** Bundles say in comments which module what follows is of. */
const modulesOf = (file: string): (line: number) => string => {
  if (!existsSync(file)) return () => file
  const starts = readFileSync(file, "utf8").split("\n").flatMap((text, line) =>
    /^\/\/ (node_modules|src|bench)\//.test(text) ? [{ line, name: text.slice(3) }] : []
  )
  return (line) => starts.findLast((start) => start.line <= line)?.name ?? file
}

/** Self time by function, the largest first. */
const hottest = (profile: Profile, count: number) => {
  const modules = new Map<string, (line: number) => string>()
  const moduleOf = (url: string, line: number) => {
    const file = url.replace(/^file:\/\//, "")
    const known = modules.get(file) ?? modulesOf(file)
    modules.set(file, known)
    return known(line)
  }
  const names = new Map(profile.nodes.map(({ callFrame: { functionName, lineNumber, url }, id }) => [
    id,
    `${functionName || "(anonymous)"} ${url === "" ? "" : moduleOf(url, lineNumber)}:${lineNumber + 1}`
  ]))
  const self = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const name = names.get(id) ?? ""
    self.set(name, (self.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  const active = [...self].filter(([name]) => !name.startsWith("(idle)") && !name.startsWith("(program)"))
  const total = active.reduce((sum, [, time]) => sum + time, 0)
  return active.toSorted(([, a], [, b]) => b - a).slice(0, count).map(([name, time]) => [
    name,
    `${(time / total * 100).toFixed(1)} %`
  ])
}

/** Where each server's own time went. The profiles themselves are kept in `bench/profiles`. */
export const profiles = (directory: string) =>
  Effect.sync(() => {
    mkdirSync("bench/profiles", { recursive: true })
    return readdirSync(directory).filter((name) => name.endsWith(".cpuprofile")).map((name) => {
      const text = readFileSync(join(directory, name), "utf8")
      writeFileSync(join("bench/profiles", name), text)
      const profile: Profile = JSON.parse(text)
      return `${name}\n\n${table(["function", "self"], hottest(profile, 40))}`
    }).join("\n\n")
  })
