import { FileSystem, Path } from "@effect/platform"
import { Migrator, SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Config, ConfigError, Effect, Either, Layer, String } from "effect"
import { migrations } from "./migrations.ts"

/** Where the data lives. `:memory:` is for tests. */
export interface DatabaseLocation {
  readonly filename: string
}

const inMemory = ":memory:"

/** `DATABASE_URL`: `file:` and a path. */
export const databaseLocation = Config.string("DATABASE_URL").pipe(
  Config.withDefault("file:./data/integrations.db"),
  Config.mapOrFail((url): Either.Either<DatabaseLocation, ConfigError.ConfigError> =>
    url.startsWith("file:") && url.length > "file:".length
      ? Either.right({ filename: url.slice("file:".length) })
      : Either.left(
        ConfigError.InvalidData(
          ["DATABASE_URL"],
          "expected file: and the path of a SQLite file, as file:./data/integrations.db"
        )
      )
  )
)

const client = ({ filename }: DatabaseLocation) =>
  SqliteClient.layer({
    filename,
    transformQueryNames: String.camelToSnake,
    transformResultNames: String.snakeToCamel
  })

/** Brings the schema up to date: runs at every start, and each migration once. */
const migrated = Layer.effectDiscard(Migrator.make({})({ loader: Migrator.fromRecord(migrations) }))

/**
 * WAL lets readers go on beside a writer. The driver would sync only at checkpoints there, and lose acknowledged
 * writes with the machine's power: `FULL` syncs at every commit.
 */
const durable = Layer.effectDiscard(
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`PRAGMA synchronous = FULL`
    yield* sql`PRAGMA busy_timeout = 5000`
    yield* sql`PRAGMA foreign_keys = ON`
  })
)

const directoryOf = ({ filename }: DatabaseLocation) =>
  Effect.gen(function*() {
    if (filename === inMemory) return
    const path = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(path.dirname(path.resolve(filename)), { recursive: true })
  })

/** A database at the given place, its schema up to date. */
export const layer = (location: DatabaseLocation) =>
  migrated.pipe(
    Layer.provide(durable),
    Layer.provideMerge(client(location)),
    Layer.provide(Layer.effectDiscard(directoryOf(location)))
  )

export const layerConfig = Layer.unwrapEffect(Effect.map(databaseLocation, layer))
export const layerMemory = layer({ filename: inMemory })
