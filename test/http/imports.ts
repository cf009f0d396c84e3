import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"

/*
 * Which file of src imports which, read from the text. Files are named by their path within src.
 */

const root = new URL("../../src/", import.meta.url)

export interface Import {
  readonly specifier: string
  /** Only types: gone once compiled. */
  readonly typeOnly: boolean
  readonly names: ReadonlyArray<string>
  /** The file of src that it is, `undefined` for a package. */
  readonly file: string | undefined
}

export const sources: ReadonlyArray<string> = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"))
  .toSorted()

const statement = /^(?:import|export)\s+(type\s+)?(?:(\*(?:\s+as\s+\w+)?|\w+|\{[^}]*\})\s+from\s+)?"([^"\n]+)"/gm
const dynamic = /\bimport\(\s*"([^"]+)"/g

const namesIn = (clause: string): ReadonlyArray<{ readonly name: string; readonly type: boolean }> => {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1]
  if (braces === undefined) return clause.trim() === "" ? [] : [{ name: clause.trim(), type: false }]
  return braces.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => ({
    name: part.replace(/^type\s+/, "").split(/\s+as\s+/)[0] ?? part,
    type: part.startsWith("type ")
  }))
}

const known = new Map<string, ReadonlyArray<Import>>()

export const importsOf = (file: string): ReadonlyArray<Import> => {
  const seen = known.get(file)
  if (seen !== undefined) return seen
  const text = readFileSync(new URL(file, root), "utf8")
  const target = (specifier: string) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined
  const found = [...text.matchAll(statement)].map(([, type, clause = "", specifier = ""]): Import => {
    const names = namesIn(clause)
    return {
      specifier,
      file: target(specifier),
      typeOnly: type !== undefined || (names.length > 0 && names.every((name) => name.type)),
      names: names.map(({ name }) => name)
    }
  })
  const late = [...text.matchAll(dynamic)].map(([, specifier = ""]): Import => ({
    specifier,
    file: target(specifier),
    typeOnly: false,
    names: []
  }))
  const all = [...found, ...late]
  known.set(file, all)
  return all
}

/** Everything that is loaded with a file, itself included. */
export const reach = (file: string, found: Set<string> = new Set()): ReadonlySet<string> => {
  if (found.has(file)) return found
  found.add(file)
  for (const one of importsOf(file)) if (one.file !== undefined && !one.typeOnly) reach(one.file, found)
  return found
}
