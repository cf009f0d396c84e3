import { HttpApi } from "@effect/platform"
import { Option } from "effect"
import { Api } from "../api/Api.ts"

/** A method, and a path whose parameters are `:` and a name. */
export interface Pattern {
  readonly method: string
  readonly segments: ReadonlyArray<string>
}

/** Pages beside the API: its description for machines and for people. */
export const openApiPath = "/openapi.json"
export const docsPath = "/docs"

export const segmentsOf = (path: string): ReadonlyArray<string> => path.split("/").slice(1)

const patterns: ReadonlyArray<Pattern> = (() => {
  const found: Array<Pattern> = [openApiPath, docsPath].map((path) => ({ method: "GET", segments: segmentsOf(path) }))
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => void found.push({ method: endpoint.method, segments: segmentsOf(endpoint.path) })
  })
  return found
})()

/** The router's own limit. */
const longestSegment = 100

const decoded = Option.liftThrowable(decodeURIComponent)

/** Whether the router takes the segment for an id at all. */
const isRoutable = (segment: string): boolean => segment.length <= longestSegment && Option.isSome(decoded(segment))

export const fits = (segments: ReadonlyArray<string>) => (pattern: Pattern): boolean =>
  pattern.segments.length === segments.length &&
  pattern.segments.every((segment, at) => segment.startsWith(":") ? segments[at] !== "" : segment === segments[at])

/** The router also ends a path at `;` and `#`. For us only `?` does: no path has two spellings. */
export const hasOddEnd = (url: string): boolean => /^[^?]*[;#]/.test(url)

/** The methods that a path has, none for an unknown path. */
export const allowedMethods = (url: string): ReadonlyArray<string> => {
  if (hasOddEnd(url)) return []
  const [path = ""] = url.split("?", 1)
  if (!segmentsOf(path).every(isRoutable)) return []
  return [...new Set(patterns.filter(fits(segmentsOf(path))).map(({ method }) => method))].toSorted()
}
