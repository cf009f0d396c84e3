import { assert, describe, it } from "@effect/vitest"
import { importsOf, sources } from "./http/imports.ts"

/** The folder of src that a file is in, or the file itself. */
const folderOf = (file: string): string => file.includes("/") ? file.slice(0, file.indexOf("/")) : file

/** `integrations/sentry` for a file of a vendor's or a channel's folder. */
const unitOf = (file: string): string | undefined => /^(?:integrations|channels)\/[^/]+(?=\/)/.exec(file)?.[0]

const edges = sources.flatMap((from) => importsOf(from).map((one) => ({ from, ...one })))
const inner = edges.flatMap(({ file, ...edge }) => file === undefined ? [] : [{ ...edge, to: file }])
const shown = ({ from, to }: { readonly from: string; readonly to: string }) => `${from} -> ${to}`

/** What each folder may import, besides itself. */
const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: [],
  observability: [],
  upstream: ["domain", "observability"],
  persistence: ["domain", "observability"],
  channels: ["domain", "upstream", "services", "alerts"],
  api: ["domain", "channels", "integrations"],
  services: ["domain", "observability", "persistence", "upstream", "api"],
  alerts: ["domain", "observability", "persistence", "upstream", "services"],
  integrations: ["domain", "api", "services", "upstream", "channels", "alerts"],
  http: ["domain", "observability", "api", "services", "persistence", "integrations", "channels", "alerts"],
  "client.ts": ["api"],
  "Config.ts": ["alerts", "http", "integrations", "observability", "persistence", "services", "upstream"],
  "App.ts": ["Config.ts", "alerts", "channels", "integrations", "persistence", "services", "upstream"],
  "run.ts": ["App.ts", "Config.ts", "http", "observability", "persistence"],
  "main.ts": ["run.ts"],
  sandbox: ["run.ts", "Config.ts", "client.ts"],
  testing: ["App.ts", "client.ts", "domain", "http", "alerts", "channels", "integrations", "persistence", "services"],
  cli: ["domain", "persistence", "services"]
}

describe("imports", () => {
  it("are found at all", () => {
    assert.isAbove(sources.length, 100)
    assert.isAbove(inner.length, 200)
    const missing = inner.filter(({ to }) => !sources.includes(to))
    assert.deepStrictEqual(missing.map(shown), [])
  })

  it("follow the arrows", () => {
    assert.sameMembers([...new Set(sources.map(folderOf))], Object.keys(arrows))
    const against = inner.filter(({ from, to }) =>
      folderOf(from) !== folderOf(to) && !arrows[folderOf(from)]?.includes(folderOf(to))
    )
    assert.deepStrictEqual(against.map(shown), [])
  })

  it("of the domain are effect and the domain", () => {
    const packages = edges.filter(({ file, from }) => file === undefined && folderOf(from) === "domain")
    assert.deepStrictEqual([...new Set(packages.map(({ specifier }) => specifier))], ["effect"])
  })

  it("of Node stay out of the domain and the wire", () => {
    const pure = (file: string) =>
      ["domain", "api", "client.ts"].includes(folderOf(file)) ||
      /^(?:integrations|channels)\/(?:[^/]+\/(?:definition|Api|domain|wire)|registry)\.ts$/.test(file)
    assert.isAbove(sources.filter(pure).length, 20)
    const node = edges.filter(({ from, specifier }) => pure(from) && /^node:|platform-node|sql-/.test(specifier))
    assert.deepStrictEqual(node.map(({ from, specifier }) => `${from} -> ${specifier}`), [])
  })

  it("of api know only what the wire is made of", () => {
    const wire = /^(?:api|domain)\/|^(?:integrations|channels)\/(?:registry|[^/]+\/(?:definition|Api|domain))\.ts$/
    const others = inner.filter(({ from, to }) => folderOf(from) === "api" && !wire.test(to))
    assert.deepStrictEqual(others.map(shown), [])
  })

  it("of definitions, APIs and domains of vendors bring no live code", () => {
    const definitions = sources.filter((file) =>
      /^(?:integrations|channels)\/[^/]+\/(?:definition|Api|domain)\.ts$/.test(file)
    )
    assert.isAbove(definitions.length, 9)
    const allowed = /^(?:api|domain)\/|\/(?:definition|Api|domain)\.ts$/
    const live = inner.filter(({ from, to }) => definitions.includes(from) && !allowed.test(to))
    assert.deepStrictEqual(live.map(shown), [])
  })

  it("of a vendor or a channel never reach into another's folder", () => {
    const units = new Set(sources.flatMap((file) => unitOf(file) ?? []))
    assert.strictEqual(units.size, 7)
    const across = inner.filter(({ from, to }) =>
      unitOf(from) !== undefined && unitOf(to) !== undefined && unitOf(from) !== unitOf(to)
    )
    assert.deepStrictEqual(across.map(shown), [])
  })

  it("of a channel's own folder are the domain and what all outbound calls share", () => {
    const own = inner.filter(({ from, to }) =>
      /^channels\/[^/]+\//.test(from) && !/^(?:channels|domain|upstream)\//.test(to)
    )
    assert.deepStrictEqual(own.map(shown), [])
  })

  it("of live layers from other folders are left to what composes", () => {
    const composes = new Set(["App.ts", "run.ts", "main.ts", "sandbox", "testing", "cli"])
    const live = inner.filter(({ from, names, to, typeOnly }) =>
      !typeOnly && folderOf(from) !== folderOf(to) && names.some((name) => name.endsWith("Live"))
    )
    assert.isAbove(live.length, 3)
    assert.deepStrictEqual(live.filter(({ from }) => !composes.has(folderOf(from))).map(shown), [])
  })

  it("of SQL are persistence's alone", () => {
    const sql = edges.filter(({ from, specifier }) =>
      specifier.startsWith("@effect/sql") && folderOf(from) !== "persistence"
    )
    assert.deepStrictEqual(sql.map(({ from }) => from), [])
  })

  it("of fakes are left to testing", () => {
    const fakes = inner.filter(({ from, to }) => /\/Fake[A-Z]/.test(to) && folderOf(from) !== "testing")
    assert.deepStrictEqual(fakes.map(shown), [])
  })
})
