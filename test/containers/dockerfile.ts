import { DockerfileParser, type From } from "dockerfile-ast"
import { readFileSync } from "node:fs"

export interface Instruction {
  readonly keyword: string
  /** What follows the keyword, its lines joined. */
  readonly text: string
}

export interface Stage {
  readonly image: string
  readonly name: string | null
  readonly instructions: ReadonlyArray<Instruction>
}

const isFrom = (one: unknown): one is From => typeof one === "object" && one !== null && "getBuildStage" in one

/** The stages of a Dockerfile, in order. */
export const stagesOf = (path: string): ReadonlyArray<Stage> => {
  const source = readFileSync(path, "utf8")
  const lines = source.split("\n")
  const stages: Array<Stage & { readonly instructions: Array<Instruction> }> = []
  for (const instruction of DockerfileParser.parse(source).getInstructions()) {
    if (isFrom(instruction)) {
      stages.push({ image: instruction.getImage() ?? "", name: instruction.getBuildStage(), instructions: [] })
      continue
    }
    const keyword = instruction.getKeyword()
    const { end, start } = instruction.getRange()
    const text = lines.slice(start.line, end.line + 1).filter((line) => !line.startsWith("#")).join("\n")
    stages.at(-1)?.instructions.push({
      keyword,
      text: text.slice(keyword.length).replaceAll(/\s*\\\n\s*/g, " ").trim()
    })
  }
  return stages
}

/** The arguments of an instruction in its JSON form. */
export const json = (text: string): ReadonlyArray<string> => {
  const parsed: unknown = JSON.parse(text.slice(text.indexOf("[")))
  return Array.isArray(parsed) ? parsed.map(String) : []
}

/** What `.dockerignore` lets through, where it refuses everything first and then names what it lets through. */
export const letThrough = (path: string): ReadonlyArray<string> => {
  const [first, ...lines] = readFileSync(path, "utf8").split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
  if (first !== "*" || lines.some((line) => !/^![\w.-]+$/.test(line))) {
    throw new Error(`${path}: expected *, then lines of ! and a name at the top`)
  }
  return lines.map((line) => line.slice(1))
}
