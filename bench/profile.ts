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

/** What a server's time goes into, by the module or the function of Node that it is spent in; the first that fits. */
const parts: ReadonlyArray<readonly [string, RegExp]> = [
  ["Collecting garbage", /^\(garbage collector\)/],
  ["Schemas and times", /effect\/dist\/esm\/(?:ParseResult|Schema|SchemaAST|DateTime|internal\/dateTime)\b/],
  ["Effect's runtime: fibers, their refs, context", /^node_modules\/effect\//],
  ["SQLite, its client and statements", /^node_modules\/(?:@effect\/sql|better-sqlite3)|^src\/persistence\//],
  ["undici, and the platform's client", /undici|^node_modules\/@effect\/platform.*[cC]lient|^wasm:/],
  ["The platform's server, router and HttpApi", /^node_modules\/@effect\/platform/],
  ["The service's own code", /^src\//],
  ["Other libraries", /^node_modules\//],
  ["Node: HTTP, streams, sockets, JSON, ciphers", /./]
]

interface Spent {
  readonly name: string
  readonly module: string
  readonly us: number
}

/** Self time of each function in the second half of the profile: by then what is hot is compiled. */
const spent = (profile: Profile): ReadonlyArray<Spent> => {
  const modules = new Map<string, (line: number) => string>()
  const moduleOf = (url: string, line: number) => {
    const file = url.replace(/^file:\/\//, "")
    const known = modules.get(file) ?? modulesOf(file)
    modules.set(file, known)
    return known(line)
  }
  const nodes = new Map(profile.nodes.map(({ callFrame: { functionName, lineNumber, url }, id }) => {
    const name = functionName || "(anonymous)"
    const module = url === "" ? name : moduleOf(url, lineNumber)
    return [id, { name: url === "" ? name : `${name} ${module}:${lineNumber + 1}`, module, us: 0 }]
  }))
  for (const [index, id] of profile.samples.entries()) {
    const node = nodes.get(id)
    if (node !== undefined && index >= profile.samples.length / 2) node.us += profile.timeDeltas[index] ?? 0
  }
  return [...nodes.values()].filter(({ name }) => name !== "(idle)" && name !== "(program)")
}

const shares = (spent: ReadonlyArray<Spent>, of: (one: Spent) => string) => {
  const sums = new Map<string, number>()
  for (const one of spent) sums.set(of(one), (sums.get(of(one)) ?? 0) + one.us)
  const total = spent.reduce((sum, { us }) => sum + us, 0)
  return [...sums].toSorted(([, a], [, b]) => b - a).map(([name, us]) => [name, `${(us / total * 100).toFixed(1)} %`])
}

const partOf = ({ module }: Spent): string => parts.find(([, pattern]) => pattern.test(module))?.[0] ?? module

/** Where each server's own time went. The profiles themselves are kept in `bench/profiles`. */
export const profiles = (directory: string) =>
  Effect.sync(() => {
    mkdirSync("bench/profiles", { recursive: true })
    return readdirSync(directory).filter((name) => name.endsWith(".cpuprofile")).map((name) => {
      const text = readFileSync(join(directory, name), "utf8")
      writeFileSync(join("bench/profiles", name), text)
      const profile: Profile = JSON.parse(text)
      const all = spent(profile)
      return [
        name,
        table(["part", "self"], shares(all, partOf)),
        table(["function", "self"], shares(all, ({ name }) => name).slice(0, 40))
      ].join("\n\n")
    }).join("\n\n")
  })
