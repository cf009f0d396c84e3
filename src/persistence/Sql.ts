import { FileSystem, Path } from "@effect/platform"
import { Migrator, SqlClient } from "@effect/sql"
import { Effect, Layer } from "effect"
import { type DatabaseFile, databaseLocation, isServer } from "./location.ts"
import { migrations } from "./migrations.ts"
import { layerServer } from "./postgres/Postgres.ts"
import * as sqlite from "./sqlite.ts"

export { type DatabaseFile, type DatabaseLocation, databaseLocation, type DatabaseServer } from "./location.ts"

const inMemory = ":memory:"

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

const directoryOf = ({ filename }: DatabaseFile) =>
  Effect.gen(function*() {
    if (filename === inMemory) return
    const path = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(path.dirname(path.resolve(filename)), { recursive: true })
  })

/** A SQLite database at the given place, its schema up to date. */
export const layer = (file: DatabaseFile) =>
  migrated.pipe(
    Layer.provide(durable),
    Layer.provideMerge(sqlite.layer(file)),
    Layer.provide(Layer.effectDiscard(directoryOf(file)))
  )

export { layerServer } from "./postgres/Postgres.ts"

/** The database that `DATABASE_URL` names, its schema up to date. */
export const layerConfig = Layer.unwrapEffect(
  Effect.map(
    databaseLocation,
    (location): Layer.Layer<
      SqlClient.SqlClient,
      Layer.Layer.Error<ReturnType<typeof layer | typeof layerServer>>,
      FileSystem.FileSystem | Path.Path
    > => isServer(location) ? layerServer(location) : layer(location)
  )
)
export const layerMemory = layer({ filename: inMemory })
