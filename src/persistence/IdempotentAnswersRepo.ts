import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { atomically, transaction } from "./transaction.ts"

/** What an `Idempotency-Key` belongs to. `operation` names method, path and what stands in the path. */
const Place = Schema.Struct({ orgId: OrgId, operation: Schema.String, idempotencyKey: Schema.String })
export type Place = typeof Place.Type

/** What a key stands for. `holder` is at work on it until `heldUntil`, unless `status` says that it is answered. */
export class IdempotentAnswerRow extends Schema.Class<IdempotentAnswerRow>("IdempotentAnswerRow")({
  ...Place.fields,
  requestHash: Schema.String,
  holder: Schema.String,
  heldUntil: Schema.DateTimeUtc,
  status: Schema.NullOr(Schema.Int),
  body: Schema.NullOr(Schema.String),
  createdAt: Schema.DateTimeUtc
}) {}

export class IdempotentAnswersRepo
  extends Effect.Service<IdempotentAnswersRepo>()("persistence/IdempotentAnswersRepo", {
    effect: Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient

      const at = ({ idempotencyKey, operation, orgId }: typeof Place.Encoded) =>
        sql`org_id = ${orgId} AND operation = ${operation} AND idempotency_key = ${idempotencyKey}`
      const heldBy = (row: IdempotentAnswerRow) => sql`${at(row)} AND holder = ${row.holder} AND status IS NULL`

      const insert = SqlSchema.void({
        Request: IdempotentAnswerRow,
        execute: (row) =>
          sql`INSERT INTO idempotent_answers ${sql.insert(row)}
              ON CONFLICT (org_id, operation, idempotency_key) DO NOTHING`
      })

      const find = SqlSchema.single({
        Request: Place,
        Result: IdempotentAnswerRow,
        execute: (place) => sql`SELECT * FROM idempotent_answers WHERE ${at(place)}`
      })

      /** The row that the key has: this one, unless one since `since` has it. Waits for one that is being written. */
      const claim = (row: IdempotentAnswerRow, since: DateTime.Utc) =>
        Effect.gen(function*() {
          yield* sql`DELETE FROM idempotent_answers WHERE ${at(row)} AND created_at < ${DateTime.formatIso(since)}`
          yield* insert(row)
          return yield* find(row)
        }).pipe(transaction(sql), Effect.orDie)

      /** Whether `holder` has it now: nobody else was quicker. */
      const takeOver = (row: IdempotentAnswerRow, holder: string, heldUntil: DateTime.Utc) =>
        sql`UPDATE idempotent_answers SET holder = ${holder}, held_until = ${DateTime.formatIso(heldUntil)}
            WHERE ${heldBy(row)} AND held_until = ${DateTime.formatIso(row.heldUntil)} RETURNING holder`.pipe(
          Effect.map((rows) => rows.length > 0),
          Effect.orDie
        )

      /** Holds it longer, or lets go of it. */
      const hold = (row: IdempotentAnswerRow, until: DateTime.Utc) =>
        Effect.orDie(
          sql`UPDATE idempotent_answers SET held_until = ${DateTime.formatIso(until)} WHERE ${heldBy(row)}`
        )

      const answer = (row: IdempotentAnswerRow, status: number, body: string) =>
        Effect.orDie(sql`UPDATE idempotent_answers SET status = ${status}, body = ${body} WHERE ${heldBy(row)}`)

      const forget = (row: IdempotentAnswerRow) =>
        Effect.orDie(sql`DELETE FROM idempotent_answers WHERE ${heldBy(row)}`)

      return {
        claim,
        takeOver,
        hold,
        answer,
        forget,
        /** All or nothing; what is to follow the commit follows it. */
        atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
          atomically(sql)(effect).pipe(Effect.catchTag("SqlError", Effect.die))
      } as const
    })
  })
{}
