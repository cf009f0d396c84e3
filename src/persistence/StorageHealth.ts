import { SqlClient, SqlError } from "@effect/sql"
import { Cause, Chunk, Effect, Option, Predicate, Ref } from "effect"
import { transaction } from "./transaction.ts"

/** What the database's own error codes say that an operator can mend. All other failures of it are bugs of ours. */
const outages: ReadonlyArray<readonly [code: RegExp, details: string]> = [
  [/^SQLITE_FULL/, "The disk is full"],
  [/^SQLITE_(READONLY|PERM)/, "The database cannot be written"],
  [/^SQLITE_(IOERR|CANTOPEN|NOTADB|CORRUPT)/, "The database file cannot be used"],
  [/^SQLITE_(BUSY|LOCKED|NOMEM)/, "The database does not answer"]
]

const codeOf = (error: SqlError.SqlError): string =>
  Predicate.hasProperty(error.cause, "code") ? String(error.cause.code) : ""

/** What is wrong with the database, in words for whoever calls; `None` where something else failed. */
const outageOf = (cause: Cause.Cause<unknown>): Option.Option<string> => {
  const errors = Chunk.toReadonlyArray(Chunk.appendAll(Cause.defects(cause), Cause.failures(cause)))
  const code = errors.filter((error) => error instanceof SqlError.SqlError).map(codeOf)[0]
  return Option.map(
    Option.fromNullable(outages.find(([pattern]) => pattern.test(code ?? ""))),
    ([, details]) => details
  )
}

/** As much as an event with its deliveries takes: a database that is nearly full still has room for a few bytes. */
const filling = "x".repeat(64 * 1024)

/** Whether the database can be read and written. */
export class StorageHealth extends Effect.Service<StorageHealth>()("persistence/StorageHealth", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const out = yield* Ref.make<Option.Option<string>>(Option.none())

    /** Remembers an outage that a request met; `None` where its failure was none. */
    const examine = (cause: Cause.Cause<unknown>) =>
      Effect.tap(
        Effect.succeed(outageOf(cause)),
        (outage) => Option.isSome(outage) ? Ref.set(out, outage) : Effect.void
      )

    const probe = transaction(sql)(
      Effect.zipRight(
        sql`INSERT INTO storage_probe (id, filling) VALUES (1, ${filling}) ON CONFLICT (id) DO UPDATE SET filling = excluded.filling`,
        sql`DELETE FROM storage_probe`
      )
    )

    /** Fails with what is wrong. Writes only as long as a write has failed: an outage is over when one succeeds. */
    const check: Effect.Effect<void, string> = Effect.gen(function*() {
      yield* Effect.mapError(Effect.timeout(sql`SELECT 1`, "1 second"), () => "The database does not answer")
      const known = yield* Ref.get(out)
      if (Option.isNone(known)) return
      yield* Effect.mapError(Effect.timeout(probe, "1 second"), () => known.value)
      yield* Ref.set(out, Option.none())
    })

    return { examine, check } as const
  })
}) {}
