import { Command, Options } from "@effect/cli"
import { Console, Data, Effect } from "effect"
import { type Copied, copyToPostgres } from "../persistence/copy/copy.ts"
import { serverAt } from "../persistence/location.ts"

/** What the command line asks for cannot be done. */
class ArgumentRefused extends Data.TaggedError("ArgumentRefused")<{ readonly message: string }> {}

const from = Options.text("from").pipe(
  Options.withPseudoName("file:path"),
  Options.withDescription("The SQLite file, as DATABASE_URL has named it until now")
)

const to = Options.redacted("to").pipe(
  Options.withPseudoName("postgres://…"),
  Options.withDescription("An empty PostgreSQL database. Others see it in the list of processes if it holds a password")
)

const line = ({ rows, sha256, table }: Copied) => `${table}: ${rows} rows, sha256 ${sha256.slice(0, 16)}`

/** `migrate-to-postgres --from file:… --to postgres://…` */
export const migrateToPostgres = Command.make(
  "migrate-to-postgres",
  { from, to },
  ({ from, to }) =>
    Effect.gen(function*() {
      const file = from.replace(/^file:/, "")
      if (!from.startsWith("file:") || file === "" || file === ":memory:") {
        return yield* new ArgumentRefused({ message: "--from: expected file: and the path of a SQLite file" })
      }
      const server = yield* Effect.mapError(
        serverAt(to),
        () => new ArgumentRefused({ message: "--to: expected postgres://user:password@host:5432/database" })
      )
      const copied = yield* copyToPostgres(file, server, (table) => Console.log(line(table)))
      const rows = copied.reduce((sum, { rows }) => sum + rows, 0)
      yield* Console.log(
        `Copied ${rows} rows of ${copied.length} tables; both sides are the same. Start the service with this DATABASE_URL ` +
          `and with the ENCRYPTION_KEYS that it had: where there were none, they are the line in ${file}.key`
      )
    })
).pipe(
  Command.withDescription("Copies a SQLite installation to PostgreSQL; goes on where it was when it was ended")
)
