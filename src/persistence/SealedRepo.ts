import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { transaction } from "./transaction.ts"

/** Where sealed values are: a table, the column that with `org_id` names a row of it, and those of key and ciphertext. */
const places = {
  integrations: { id: "integration", keyId: "key_id", sealed: "sealed" },
  incident_agents: { id: "id", keyId: "endpoint_key_id", sealed: "endpoint_sealed" }
} as const

export const SealedPlace = Schema.Literal("integrations", "incident_agents")
export type SealedPlace = typeof SealedPlace.Type

/** A sealed value. `id` is the integration's or the agent's. */
export class SealedRow extends Schema.Class<SealedRow>("SealedRow")({
  orgId: OrgId,
  id: Schema.String,
  keyId: Schema.String,
  sealed: Schema.String
}) {}

/** A value that was sealed anew. */
export interface Resealed {
  readonly row: SealedRow
  readonly keyId: string
  readonly sealed: string
}

const Count = Schema.Struct({ keyId: Schema.String, amount: Schema.Int })

const sumOf = (counts: ReadonlyArray<typeof Count.Type>): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const { amount, keyId } of counts) sums.set(keyId, (sums.get(keyId) ?? 0) + amount)
  return sums
}

/** Whatever is stored encrypted, of every org: for operators who change the key. */
export class SealedRepo extends Effect.Service<SealedRepo>()("persistence/SealedRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const notUnder = (place: SealedPlace) => {
      const { id, keyId, sealed } = places[place]
      return SqlSchema.findAll({
        Request: Schema.Struct({
          keyId: Schema.String,
          orgId: Schema.String,
          id: Schema.String,
          limit: Schema.Int
        }),
        Result: SealedRow,
        execute: (after) =>
          sql`SELECT org_id, ${sql(id)} AS id, ${sql(keyId)} AS key_id, ${sql(sealed)} AS sealed FROM ${sql(place)}
              WHERE ${sql(keyId)} <> ${after.keyId} AND (org_id, ${sql(id)}) > (${after.orgId}, ${after.id})
              ORDER BY org_id, ${sql(id)} LIMIT ${after.limit}`
      })
    }

    const countIn = (place: SealedPlace) => {
      const keyId = sql(places[place].keyId)
      return SqlSchema.findAll({
        Request: Schema.Void,
        Result: Count,
        execute: () =>
          sql`SELECT ${keyId} AS key_id, CAST(COUNT(*) AS INTEGER) AS amount FROM ${sql(place)}
              WHERE ${keyId} IS NOT NULL GROUP BY ${keyId}`
      })()
    }

    const replace = (place: SealedPlace) => ({ keyId, row, sealed }: Resealed) => {
      const columns = places[place]
      return sql`UPDATE ${sql(place)} SET ${sql(columns.keyId)} = ${keyId}, ${sql(columns.sealed)} = ${sealed}
                 WHERE org_id = ${row.orgId} AND ${sql(columns.id)} = ${row.id}
                   AND ${sql(columns.sealed)} = ${row.sealed}
                 RETURNING org_id`
    }

    const replaceAll = (place: SealedPlace, values: ReadonlyArray<Resealed>) =>
      Effect.forEach(values, replace(place)).pipe(
        Effect.map((replaced) => replaced.flat().length),
        transaction(sql)
      )

    return {
      /** The next values that are sealed under another key, in the order of org and id, after the given one. */
      notUnder: (keyId: string, place: SealedPlace, after: SealedRow | undefined, limit: number) =>
        Effect.orDie(notUnder(place)({ keyId, orgId: after?.orgId ?? "", id: after?.id ?? "", limit })),
      /**
       * Replaces the ciphertexts in one transaction, each only where it is still the one that was read. Answers with how
       * many it replaced: the others were configured anew or forgotten meanwhile.
       */
      replace: (place: SealedPlace, values: ReadonlyArray<Resealed>) => Effect.orDie(replaceAll(place, values)),
      /** How many values are under each key. */
      counts: Effect.orDie(Effect.map(Effect.forEach(SealedPlace.literals, countIn), (counts) => sumOf(counts.flat())))
    } as const
  })
}) {}
