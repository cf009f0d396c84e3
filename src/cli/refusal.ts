import { ValidationError } from "@effect/cli"
import { Cause, ConfigError, Data, Option, Predicate } from "effect"

/** A command that cannot be done, in a sentence for the operator. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

const ofConfig = (error: ConfigError.ConfigError): string =>
  error._op === "And" || error._op === "Or"
    ? `${ofConfig(error.left)}; ${ofConfig(error.right)}`
    : `${error.path.join("_")}: ${error.message}`

const reason = (error: unknown): string =>
  ConfigError.isConfigError(error)
    ? ofConfig(error)
    // What the database says stands in the cause: "database is locked".
    : Predicate.isTagged(error, "SqlError") && Predicate.hasProperty(error, "cause") && error.cause instanceof Error
    ? error.cause.message
    : error instanceof Error
    ? error.message
    : String(error)

/** What to tell of a failure; nothing of a command line that does not parse, which `@effect/cli` tells of itself. */
export const inOneLine = (cause: Cause.Cause<unknown>): Option.Option<string> => {
  const error = Cause.squash(cause)
  if (ValidationError.isValidationError(error) || Cause.isInterruptedOnly(cause)) return Option.none()
  return Option.some(reason(error).replaceAll(/\s*\n\s*/g, " "))
}
