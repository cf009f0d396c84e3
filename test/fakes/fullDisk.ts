import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Has every such write to a table fail, as where the disk is full, until `freeDisk`. */
export const fullDisk = (table: string, write: "INSERT" | "UPDATE", when = "NEW.org_id IS NOT NULL") =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.onDialectOrElse({
      pg: () =>
        sql.unsafe(`
          CREATE OR REPLACE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;
          CREATE TRIGGER full_disk BEFORE ${write} ON ${table}
            FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION disk_is_full()`),
      orElse: () =>
        sql.unsafe(
          `CREATE TRIGGER full_disk BEFORE ${write} ON ${table} WHEN ${when} BEGIN SELECT RAISE(ABORT, 'disk full'); END`
        )
    })
  })

export const freeDisk = (table: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      pg: () => sql.unsafe(`DROP TRIGGER full_disk ON ${table}`),
      orElse: () => sql.unsafe("DROP TRIGGER full_disk")
    }))
