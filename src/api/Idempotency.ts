import { HttpApi, type HttpApiGroup, HttpApiMiddleware } from "@effect/platform"
import { Context, type Option, Schema } from "effect"
import * as Errors from "./errors.ts"

/** `Idempotency-Key` as it was sent. */
export class IdempotencyKey extends Context.Tag("api/IdempotencyKey")<IdempotencyKey, Option.Option<string>>() {}

export const IdempotencyKeyText = Schema.String.pipe(
  Schema.pattern(/^[\x20-\x7e]{1,255}$/, { message: () => "expected 1 to 255 printable ASCII characters" })
)

/**
 * Makes an endpoint answer a repeat with its first answer: on every POST that creates or sends something. Put it on an
 * endpoint *before* all other middlewares: what is added later runs first, and a key is taken last.
 */
export class Idempotency extends HttpApiMiddleware.Tag<Idempotency>()("api/Idempotency", {
  failure: Schema.Union(Errors.IdempotencyConflict, Errors.RequestInvalid),
  provides: IdempotencyKey
}) {}

export const isIdempotent = (endpoint: { readonly middlewares: ReadonlySet<{ readonly key: string }> }): boolean =>
  [...endpoint.middlewares].some(({ key }) => key === Idempotency.key)

/**
 * Whether the answer is stored in the same transaction as what the endpoint does: for those that write to our database
 * and do nothing else. What the others do is harmless to do again, in case that we stop before the answer is stored.
 */
export class OneTransaction extends Context.Reference<OneTransaction>()("api/OneTransaction", {
  defaultValue: () => false
}) {}

/**
 * The same for all repeats of a request and for nothing else, `null` for a request without a key: what makes something
 * that is done again after a crash the thing that was done before.
 */
export class RepeatId extends Context.Reference<RepeatId>()("api/RepeatId", {
  defaultValue: (): string | null => null
}) {}

const parameter = {
  name: "idempotency-key",
  in: "header",
  required: false,
  schema: { type: "string", minLength: 1, maxLength: 255 },
  description: "Makes a repeat of the request within 24 hours get the first one's answer, without another effect"
}

interface Operation {
  readonly operationId: string
  readonly parameters: ReadonlyArray<{ readonly name: string }>
}

/** Describes the header on each operation that takes it: the platform describes headers of endpoints only. */
export const describingIdempotency = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>
) => {
  const operations = new Set<string>()
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      if (isIdempotent(endpoint)) operations.add(`${group.identifier}.${endpoint.name}`)
    }
  })
  return <Of extends Operation>(operation: Of): Of =>
    operations.has(operation.operationId) && !operation.parameters.some(({ name }) => name === parameter.name)
      ? { ...operation, parameters: [...operation.parameters, parameter] }
      : operation
}
