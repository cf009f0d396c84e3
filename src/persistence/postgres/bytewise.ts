import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Text compares byte by byte, as on SQLite: cursors, times and ids are compared and sorted as text, and a database's own
 * collation would put `a` before `B`, or two texts as equal. So each text column that this transaction has made gets the
 * collation `C`. Columns of others that share the schema are left alone.
 */
export const bytewise = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
        DO $$
        DECLARE made record;
        BEGIN
          FOR made IN
            SELECT a.attrelid::regclass AS place,
              string_agg(format('ALTER COLUMN %I TYPE text COLLATE "C"', a.attname), ', ') AS changes
            FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
            WHERE r.relnamespace = current_schema()::text::regnamespace AND r.relkind = 'r'
              AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'text'::regtype
              AND a.attcollation = 'pg_catalog."default"'::regcollation
              AND a.xmin::text = pg_current_xact_id()::xid::text
            GROUP BY a.attrelid
          LOOP
            EXECUTE format('ALTER TABLE %s %s', made.place, made.changes);
          END LOOP;
        END $$`)
