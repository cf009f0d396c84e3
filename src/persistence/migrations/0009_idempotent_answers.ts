import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Which request an `Idempotency-Key` stands for, who is at work on it, and what was answered; `status` and `body` are
 * unknown until then. It takes the place of a table that knew no answers: what the last day's keys stood for is
 * forgotten, and a repeat of a Linear issue still finds it by the id that is made from the key.
 */
export const idempotentAnswers = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE idempotent_answers (
      org_id TEXT NOT NULL,
      operation TEXT NOT NULL,
      idempotency_key TEXT NOT NULL,
      request_hash TEXT NOT NULL,
      holder TEXT NOT NULL,
      held_until TEXT NOT NULL,
      status INTEGER,
      body TEXT,
      created_at TEXT NOT NULL,
      PRIMARY KEY (org_id, operation, idempotency_key)
    )`
  yield* sql`CREATE INDEX idempotent_answers_created ON idempotent_answers (created_at)`
  yield* sql`DROP TABLE idempotency_keys`
})
