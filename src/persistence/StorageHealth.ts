import { SqlClient } from "@effect/sql"
import { Array, type Cause, Effect, Option, Ref } from "effect"
import { codeOf, driverErrors, messageOf } from "./sqlErrors.ts"
import { transaction } from "./transaction.ts"

/** What the database's own error codes say that an operator can mend. All other failures of it are bugs of ours. */
const outages: ReadonlyArray<readonly [code: RegExp, details: string]> = [
  [/^(SQLITE_FULL|53100$)/, "The disk is full"],
  [/^(SQLITE_(READONLY|PERM)|25006$)/, "The database cannot be written"],
  [/^SQLITE_(IOERR|CANTOPEN|NOTADB|CORRUPT)/, "The database file cannot be used"],
  [/^(58030|XX00[12])$/, "The files of the database cannot be used"],
  // Its password was changed, or its rights were taken away, since the service has started.
  [/^(28...|3D000)$/, "The database refuses the service"],
  // On PostgreSQL: connections, their number, an end on command, memory, a lost deadlock, a lock or statement too long.
  [/^(SQLITE_(BUSY|LOCKED|NOMEM)|08...|53[0-4]..|57P0.|57014|55P03|40001|40P01)/, "The database does not answer"],
  [/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ENOENT)/, "The database does not answer"]
]

/** Connections that ended or never came; PostgreSQL's driver has no codes for these. */
const cut = /connection terminated|connection error|not queryable|timeout exceeded when trying to connect/i

/** What is wrong with the database, in words for whoever calls; `None` where something else failed. */
const outageOf = (cause: Cause.Cause<unknown>): Option.Option<string> =>
  Option.flatMap(Array.head(driverErrors(cause)), (error) => {
    const code = codeOf(error)
    if (code === "" && cut.test(messageOf(error))) return Option.some("The database does not answer")
    return Option.map(Option.fromNullable(outages.find(([pattern]) => pattern.test(code))), ([, details]) => details)
  })

/** As much as an event with its deliveries takes: a database that is nearly full still has room for a few bytes. */
const filling = "x".repeat(64 * 1024)

/** Not waiting for the end of what is broken off either: a server that hangs does not answer to that. */
const within = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.timeout(Effect.disconnect(effect), "1 second")

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
      yield* Effect.mapError(within(sql`SELECT 1`), () => "The database does not answer")
      const known = yield* Ref.get(out)
      if (Option.isNone(known)) return
      yield* Effect.mapError(within(probe), () => known.value)
      yield* Ref.set(out, Option.none())
    })

    return { examine, check } as const
  })
}) {}
