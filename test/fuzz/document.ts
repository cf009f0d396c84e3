import { Predicate } from "effect"
import { at } from "../http/ask.ts"

/** A schema of the OpenAPI document. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly schema: JsonSchema
}

/** An operation as the document describes it. */
export interface Operation {
  readonly name: string
  readonly method: string
  /** `/api/channel-routes/{id}` */
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: JsonSchema | undefined
  readonly example: unknown
  /** The media type of an answer that is not JSON, by status. */
  readonly texts: ReadonlyMap<number, string>
  /** By status. */
  readonly responses: ReadonlyMap<number, JsonSchema>
}

const isSchema = (value: unknown): value is JsonSchema => Predicate.isReadonlyRecord(value)

export const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Predicate.isReadonlyRecord(value) ? Object.entries(value) : []

export const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** Where a list of schemas may be missing. */
export const schemasOf = (value: unknown): ReadonlyArray<JsonSchema> => listOf(value).filter(isSchema)

export const schemaOf = (value: unknown): JsonSchema => isSchema(value) ? value : {}

const parameterOf = (parameter: unknown): ReadonlyArray<Parameter> => {
  const place = at(parameter, "in")
  return place === "path" || place === "query" || place === "header"
    ? [{ name: String(at(parameter, "name")), in: place, schema: schemaOf(at(parameter, "schema")) }]
    : []
}

const json = (content: unknown, what: string): unknown => at(content, "content", "application/json", what)

export const operationsOf = (document: unknown): ReadonlyArray<Operation> =>
  entriesOf(at(document, "paths")).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: listOf(at(operation, "parameters")).flatMap(parameterOf),
      body: isSchema(at(operation, "requestBody")) ? schemaOf(json(at(operation, "requestBody"), "schema")) : undefined,
      example: json(at(operation, "requestBody"), "example"),
      texts: new Map(
        entriesOf(at(operation, "responses")).flatMap(([status, answer]) =>
          entriesOf(at(answer, "content")).flatMap(([type]): ReadonlyArray<[number, string]> =>
            type === "application/json" ? [] : [[Number(status), type]]
          )
        )
      ),
      responses: new Map(
        entriesOf(at(operation, "responses")).map(([status, answer]) => [
          Number(status),
          schemaOf(json(answer, "schema"))
        ])
      )
    }))
  )

/** The schema itself where it is a reference, with what stands beside an `allOf` and within it taken together. */
export const resolved = (document: unknown, schema: JsonSchema): JsonSchema => {
  const ref = schema["$ref"]
  if (typeof ref === "string") return resolved(document, schemaOf(at(document, ...ref.split("/").slice(1))))
  const { allOf, ...own } = schema
  const parts = schemasOf(allOf).map((part) => resolved(document, part))
  return Object.fromEntries([...parts, own].flatMap((part) => Object.entries(part)))
}
