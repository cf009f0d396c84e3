import { SqlClient, SqlSchema } from "@effect/sql"
import { DateTime, Effect, Schema } from "effect"
import { Scope, Token, TokenId, TokenOrg } from "../domain/Token.ts"
import { transaction } from "./transaction.ts"

/** `read write` ↔ the scopes themselves. */
const StoredScopes = Schema.compose(Schema.split(" "), Schema.NonEmptyArray(Scope), { strict: false })

/** A token with the hex SHA-256 of its secret. */
export class TokenRow extends Schema.Class<TokenRow>("TokenRow")({
  ...Token.fields,
  scopes: StoredScopes,
  secretHash: Schema.String
}) {}

/** A token that was used, to be remembered. */
export interface TokenUse {
  readonly id: TokenId
  readonly at: DateTime.Utc
}

/**
 * Callers' tokens. What is done with one goes by its own id: whose it is becomes known by finding it. Only lists are an
 * organisation's.
 */
export class TokensRepo extends Effect.Service<TokensRepo>()("persistence/TokensRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const insert = SqlSchema.void({
      Request: TokenRow,
      execute: (row) => sql`INSERT INTO tokens ${sql.insert(row)}`
    })

    const find = SqlSchema.findOne({
      Request: TokenId,
      Result: TokenRow,
      execute: (id) => sql`SELECT * FROM tokens WHERE id = ${id}`
    })

    const list = SqlSchema.findAll({
      Request: Schema.UndefinedOr(TokenOrg),
      Result: TokenRow,
      execute: (orgId) =>
        orgId === undefined
          ? sql`SELECT * FROM tokens ORDER BY org_id, created_at, id`
          : sql`SELECT * FROM tokens WHERE org_id = ${orgId} ORDER BY created_at, id`
    })

    const revoke = SqlSchema.findOne({
      Request: Schema.Struct({ id: TokenId, at: Schema.DateTimeUtc }),
      Result: TokenRow,
      execute: ({ at, id }) =>
        sql`UPDATE tokens SET revoked_at = COALESCE(revoked_at, ${at}) WHERE id = ${id} RETURNING *`
    })

    /** Never moves a time back, so that late writers do no harm. */
    const recordUses = (uses: ReadonlyArray<TokenUse>) =>
      Effect.forEach(uses, ({ at, id }) => {
        const usedAt = DateTime.formatIso(at)
        return sql`UPDATE tokens SET last_used_at = ${usedAt}
                   WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at < ${usedAt})`
      }, { discard: true }).pipe(transaction(sql))

    return {
      insert: (row: TokenRow) => Effect.orDie(insert(row)),
      find: (id: TokenId) => Effect.orDie(find(id)),
      /** Of one organisation, of operators (`*`), or all of them; the oldest of each first. */
      list: (orgId: TokenOrg | undefined) => Effect.orDie(list(orgId)),
      /** The token as it is then, revoked since the first time; `None` where there is none. */
      revoke: (id: TokenId, at: DateTime.Utc) => Effect.orDie(revoke({ id, at })),
      recordUses: (uses: ReadonlyArray<TokenUse>) => Effect.orDie(recordUses(uses))
    } as const
  })
}) {}
