import type { SqlClient } from "@effect/sql"

/*
 * Where SQLite and PostgreSQL differ in what they need. SQLite has one writer at a time, so that what a transaction has
 * read stays true until it ends; on PostgreSQL it does not, unless the rows are locked.
 */

/** At the end of a query: its rows stay as they are read until the transaction ends. */
export const forUpdate = (sql: SqlClient.SqlClient) =>
  sql.literal(sql.onDialectOrElse({ pg: () => "FOR UPDATE", orElse: () => "" }))

/**
 * The same for work that several processes share out among them: rows that somebody else has locked are left to them.
 * Only in a `WITH` or a query of its own, which is evaluated once. `of` names the table to lock where there are several.
 */
export const skipLocked = (sql: SqlClient.SqlClient, of?: string) =>
  sql.literal(sql.onDialectOrElse({
    pg: () => `FOR UPDATE ${of === undefined ? "" : `OF ${of} `}SKIP LOCKED`,
    orElse: () => ""
  }))
