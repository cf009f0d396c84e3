import type { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** A table that is there from the first row of a copy to its last check. */
export const unfinished = "unfinished_copy"

/** Whether the database holds a copy that has not been finished: no service is to work on half of the data. */
export const isUnfinished = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ place: string | null }>`SELECT to_regclass(${unfinished})::text AS place`,
    ([row]) => row !== undefined && row.place !== null
  )
