import { DateTime, Option, ParseResult, Schema } from "effect"

const wholeSeconds = (time: DateTime.Utc): string => DateTime.formatIso(time).replace(/\.\d+Z$/, "Z")

/**
 * A moment as our API shows it: ISO 8601, UTC, whole seconds (`2026-03-21T14:00:00Z`).
 * Decoding takes any offset and fraction, because vendors send both; encoding drops the fraction.
 */
export const Timestamp = Schema.transformOrFail(Schema.String, Schema.DateTimeUtcFromSelf, {
  strict: true,
  decode: (text, _, ast) =>
    Option.match(DateTime.make(text), {
      onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, "expected an ISO 8601 time")),
      onSome: (time) => ParseResult.succeed(DateTime.toUtc(time))
    }),
  encode: (time) => ParseResult.succeed(wholeSeconds(time))
}).annotations({
  identifier: "Timestamp",
  jsonSchema: { type: "string", format: "date-time", description: "ISO 8601, UTC, whole seconds" },
  pretty: () => wholeSeconds
})
