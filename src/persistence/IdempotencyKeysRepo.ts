import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { transaction } from "./transaction.ts"

class IdempotencyKeyRow extends Schema.Class<IdempotencyKeyRow>("IdempotencyKeyRow")({
  orgId: OrgId,
  operation: Schema.String,
  idempotencyKey: Schema.String,
  requestHash: Schema.String,
  createdAt: Schema.DateTimeUtc
}) {}

export class IdempotencyKeysRepo extends Effect.Service<IdempotencyKeysRepo>()("persistence/IdempotencyKeysRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const insert = SqlSchema.void({
      Request: IdempotencyKeyRow,
      execute: (row) =>
        sql`INSERT INTO idempotency_keys ${sql.insert(row)} ON CONFLICT (org_id, operation, idempotency_key) DO NOTHING`
    })

    const hashOf = SqlSchema.single({
      Request: IdempotencyKeyRow,
      Result: Schema.Struct({ requestHash: Schema.String }),
      execute: ({ idempotencyKey, operation, orgId }) =>
        sql`SELECT request_hash FROM idempotency_keys
            WHERE org_id = ${orgId} AND operation = ${operation} AND idempotency_key = ${idempotencyKey}`
    })

    /** The hash that the key stands for: this row's, unless an earlier row since `since` has it. Older ones go. */
    const claim = (row: IdempotencyKeyRow, since: DateTime.Utc) =>
      Effect.gen(function*() {
        yield* sql`DELETE FROM idempotency_keys WHERE created_at < ${DateTime.formatIso(since)}`
        yield* insert(row)
        const { requestHash } = yield* hashOf(row)
        return requestHash
      }).pipe(transaction(sql), Effect.orDie)

    return { claim } as const
  })
}) {}
