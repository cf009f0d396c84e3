import { Predicate } from "effect"
import type { Scope } from "../domain/Token.ts"

/*
 * The derived OpenAPI document, tidied: the platform lists its own decode error on every endpoint, which never leaves
 * this service (http/failures.ts answers VALIDATION_ERROR instead), and describes a status by its first error only.
 */

/** The platform's error and what only it refers to. */
const unwanted = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])

const isUnwanted = (schema: unknown): boolean =>
  Predicate.hasProperty(schema, "$ref") && typeof schema.$ref === "string" &&
  unwanted.has(schema.$ref.replace("#/components/schemas/", ""))

const descriptionOf = (schema: unknown): string | undefined =>
  Predicate.hasProperty(schema, "description") && typeof schema.description === "string"
    ? schema.description
    : undefined

interface Answer {
  readonly description: string
  readonly content?: { readonly "application/json"?: { readonly schema: unknown; readonly example?: unknown } }
}

/** `undefined` for an answer that is never given. */
const tidyError = (answer: Answer): Answer | undefined => {
  const schema = answer.content?.["application/json"]?.schema
  if (isUnwanted(schema)) return undefined
  const members = Predicate.hasProperty(schema, "anyOf") && Array.isArray(schema.anyOf) ? schema.anyOf : [schema]
  const wanted = members.filter((member) => !isUnwanted(member))
  return {
    description: wanted.map(descriptionOf).filter(Predicate.isString).join(", "),
    content: { "application/json": { schema: wanted.length === 1 ? wanted[0] : { anyOf: wanted } } }
  }
}

const tidyAnswers = (answers: Record<string, Answer>): Record<string, Answer> =>
  Object.fromEntries(
    Object.entries(answers).flatMap(([status, answer]) => {
      const tidy = status.startsWith("2") ? answer : tidyError(answer)
      return tidy === undefined ? [] : [[status, tidy]]
    })
  )

interface Operation {
  readonly description?: string
  readonly security: ReadonlyArray<Record<string, ReadonlyArray<string>>>
  readonly operationId: string
  readonly parameters: ReadonlyArray<{ readonly name: string }>
  readonly responses: Record<string, Answer>
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}

/** `GET /api/agents/{id}`. */
export const operationKey = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`

/**
 * The platform lists what an operation asks for as alternatives, but it needs all of it: the organisation and a token.
 * The scope stands where the specification has roles, and in the description for people.
 */
const secured = (operation: Operation, scope: Scope | undefined): Operation => {
  const needed = Object.fromEntries(operation.security.flatMap((one) => Object.entries(one)))
  if (scope === undefined || needed["token"] === undefined) return operation
  return {
    ...operation,
    description: `${operation.description ?? ""} Scope: \`${scope}\`.`,
    security: [{ ...needed, token: [scope] }]
  }
}

/**
 * Goes over the whole document at the end of its derivation. `scopes` are by `operationKey`; `describe` has a last look
 * at each operation.
 */
export const tidy = <Spec extends Document>(
  spec: Spec,
  scopes: ReadonlyMap<string, Scope>,
  describe: (operation: Operation) => Operation
): Spec => ({
  ...spec,
  paths: Object.fromEntries(
    Object.entries(spec.paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [
          method,
          describe({
            ...secured(operation, scopes.get(operationKey(method, path))),
            responses: tidyAnswers(operation.responses)
          })
        ])
      )
    ])
  ),
  components: {
    ...spec.components,
    schemas: Object.fromEntries(Object.entries(spec.components.schemas).filter(([name]) => !unwanted.has(name)))
  }
})
