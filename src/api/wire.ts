import { HttpApiSchema } from "@effect/platform"
import { Data, ParseResult, Predicate, Schema } from "effect"

/**
 * What a caller can know of a failure. Our own failures fit this shape as they are; a client decodes an answer into
 * a `PublishedFailure`, which also carries `code` and `status`, so `Effect.catchTag` works on both sides of the wire.
 */
export interface Published<Tag extends string> {
  readonly _tag: Tag
  readonly message: string
  readonly details?: string | undefined
  readonly code?: string
  readonly status?: number
}

class PublishedFailure<Tag extends string> extends Data.Error<Omit<Published<Tag>, "message"> & { message: string }> {}

/** The documented error body: `{ error, code, status, details? }` and nothing else. */
export const ErrorBody = <Code extends string, Status extends number>(code: Code, status: Status) =>
  Schema.Struct({
    error: Schema.String.annotations({ description: "What went wrong, in a sentence" }),
    code: Schema.Literal(code),
    status: Schema.Literal(status),
    details: Schema.optional(Schema.String.annotations({ description: "Why, in one line, without secrets" }))
  })

/** Where a failure stands in the catalogue. */
export interface Entry<Code extends string, Status extends number> {
  readonly code: Code
  readonly status: Status
  /** When callers meet it. */
  readonly description: string
  readonly example: { readonly error: string; readonly details?: string }
}

/**
 * The schema of a failure on the wire. Encoding takes the failure with this tag; decoding gives a value with the same
 * tag, message and details.
 */
export const publish = <Tag extends string, const Code extends string, const Status extends number>(
  failure: { readonly _tag: Tag },
  entry: Entry<Code, Status>
) => {
  const tag = failure._tag
  const { code, description, example, status } = entry
  const body = ErrorBody(code, status)
  const isPublished = (u: unknown): u is Published<Tag> =>
    Predicate.isTagged(u, tag) && Predicate.hasProperty(u, "message") && typeof u.message === "string"
  return Schema.transformOrFail(
    body.annotations({ identifier: tag, description, examples: [body.make({ code, status, ...example })] }),
    Schema.declare(isPublished, { identifier: `${tag}Failure` }),
    {
      strict: true,
      decode: ({ details, error }) =>
        ParseResult.succeed<Published<Tag>>(
          new PublishedFailure<Tag>({
            _tag: tag,
            message: error,
            code,
            status,
            ...(details !== undefined && { details })
          })
        ),
      encode: ({ details, message }) =>
        ParseResult.succeed(body.make({ error: message, code, status, ...(details !== undefined && { details }) }))
    }
  ).annotations(HttpApiSchema.annotations({ status, description: code }))
}
