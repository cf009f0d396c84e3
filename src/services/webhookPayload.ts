import { Either, Option, Schema } from "effect"

/** A webhook's body as it came. */
export interface Received<Payload> {
  readonly bytes: Uint8Array
  /** The bytes as text: without a byte order mark, with replacement characters where they are not UTF-8. */
  readonly text: string
  /** `None` when the body is not JSON. */
  readonly json: Option.Option<unknown>
  /** `None` when the body is not a JSON object. */
  readonly payload: Option.Option<Payload>
}

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** Never fails: a body that cannot be read is still a delivery. No database takes U+0000 in a text. */
export const reading = <Payload, I>(schema: Schema.Schema<Payload, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (bytes: Uint8Array): Received<Payload> => {
    const text = new TextDecoder().decode(bytes).replaceAll("\0", "\ufffd")
    const json = parse(text)
    return { bytes, text, json, payload: Option.flatMap(json, (value) => decode(value)) }
  }
}

/**
 * A field of a vendor's payload: `undefined` when it is missing or odd, so that every verified delivery can be read
 * and none is lost.
 */
export const lenient = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optional(Schema.UndefinedOr(schema).annotations({ decodingFallback: () => Either.right(undefined) }))

export const text = lenient(Schema.String)
export const number = lenient(Schema.Finite)
/** Ids are texts with some vendors and numbers with others. */
export const id = lenient(Schema.Union(Schema.NonEmptyString, Schema.Finite))
