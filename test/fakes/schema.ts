import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Every column of every table, by the names of both. */
export const columns = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql.onDialectOrElse({
      pg: () =>
        sql<{ readonly table: string; readonly column: string }>`
          SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
          WHERE table_schema = current_schema() ORDER BY table_name COLLATE "C", column_name COLLATE "C"`,
      orElse: () =>
        sql<{ readonly table: string; readonly column: string }>`
          SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) c
          WHERE m.type = 'table' ORDER BY m.name, c.name`
    })
)

/** Every table, by its name. */
export const tables = Effect.map(columns, (all) => [...new Set(all.map(({ table }) => table))])
