import { Data, Effect, ParseResult } from "effect"

/**
 * A stored config that cannot be read any more, as after a change of its schema that it does not fit. Names the fields, and
 * never what stands in them: messages of decode errors and of `JSON.parse` quote that.
 */
export class UnreadableConfig
  extends Data.TaggedError("UnreadableConfig")<{ readonly integration: string; readonly where: ReadonlyArray<string> }>
{
  override get message() {
    const where = this.where.length === 0 ? "it is not JSON" : `at ${this.where.join(", ")}`
    return `A stored ${this.integration} config cannot be read: ${where}`
  }
}

const fieldsOf = (error: ParseResult.ParseError): ReadonlyArray<string> => [
  ...new Set(
    ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path }) => path.length === 0 ? "its root" : path.join("."))
  )
]

/** Decodes what was stored, with failures that may be logged. */
export const stored =
  (integration: string) =>
  <A, R>(decoded: Effect.Effect<A, ParseResult.ParseError, R>): Effect.Effect<A, UnreadableConfig, R> =>
    Effect.mapError(decoded, (error) => new UnreadableConfig({ integration, where: fieldsOf(error) }))

/** Parses what was stored, with failures that may be logged. */
export const parsed = (integration: string, text: string): Effect.Effect<unknown, UnreadableConfig> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => new UnreadableConfig({ integration, where: [] })
  })
