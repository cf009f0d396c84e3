import { SqlError } from "@effect/sql"
import { Cause, Chunk, Predicate } from "effect"

/** What stands at the end of a chain of causes that leads through the database's driver. */
const driverErrorOf = (error: unknown): ReadonlyArray<unknown> => {
  if (error instanceof SqlError.SqlError) return [error.cause]
  return Predicate.hasProperty(error, "cause") ? driverErrorOf(error.cause) : []
}

/** What the database's driver has reported, wherever in a failure it stands. */
export const driverErrors = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  Chunk.toReadonlyArray(Chunk.appendAll(Cause.defects(cause), Cause.failures(cause))).flatMap(driverErrorOf)

/** The driver's code: SQLite's name, PostgreSQL's SQLSTATE, or Node's; empty where it has none. */
export const codeOf = (error: unknown): string => Predicate.hasProperty(error, "code") ? String(error.code) : ""

export const codesIn = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => driverErrors(cause).map(codeOf)

/** What the driver says; it holds no parameters and no password. */
export const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
