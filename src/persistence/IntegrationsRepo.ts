import { SqlClient, SqlSchema } from "@effect/sql"
import { Array, DateTime, Effect, Option, Order, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { transaction } from "./transaction.ts"

/** A configured integration of an org, its config still encrypted. */
export class IntegrationRow extends Schema.Class<IntegrationRow>("IntegrationRow")({
  orgId: OrgId,
  integration: Schema.String,
  keyId: Schema.String,
  sealed: Schema.String,
  configuredAt: Schema.DateTimeUtc,
  /** Since when the vendor has refused the credentials. */
  refusedAt: Schema.NullOr(Schema.DateTimeUtc),
  lastSync: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/** A successful call to a vendor, to be remembered. */
export interface Sync {
  readonly orgId: OrgId
  readonly integration: string
  readonly at: DateTime.Utc
}

const byOwner = Order.mapInput(Order.array(Order.string), ({ integration, orgId }: Sync) => [orgId, integration])

/** Integrations of orgs. Every query names its org. A database that fails is a defect here: no caller can mend it. */
export class IntegrationsRepo extends Effect.Service<IntegrationsRepo>()("persistence/IntegrationsRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const find = SqlSchema.findOne({
      Request: Schema.Struct({ orgId: OrgId, integration: Schema.String }),
      Result: IntegrationRow,
      execute: ({ integration, orgId }) =>
        sql`SELECT * FROM integrations WHERE org_id = ${orgId} AND integration = ${integration}`
    })

    const list = SqlSchema.findAll({
      Request: OrgId,
      Result: IntegrationRow,
      execute: (orgId) => sql`SELECT * FROM integrations WHERE org_id = ${orgId}`
    })

    const put = SqlSchema.void({
      Request: Schema.Struct({
        orgId: OrgId,
        integration: Schema.String,
        keyId: Schema.String,
        sealed: Schema.String,
        configuredAt: Schema.DateTimeUtc
      }),
      execute: (row) =>
        sql`INSERT INTO integrations ${sql.insert(row)}
            ON CONFLICT (org_id, integration) DO UPDATE SET
              key_id = excluded.key_id, sealed = excluded.sealed, configured_at = excluded.configured_at, refused_at = NULL`
    })

    const remove = (orgId: OrgId, integration: string) =>
      sql`DELETE FROM integrations WHERE org_id = ${orgId} AND integration = ${integration} RETURNING integration`.pipe(
        Effect.map((rows) => rows.length > 0)
      )

    /** Only for the config that was used: a newer one has not been refused yet. */
    const setRefused = (row: IntegrationRow, refusedAt: Option.Option<DateTime.Utc>) =>
      sql`UPDATE integrations SET refused_at = ${Option.getOrNull(Option.map(refusedAt, DateTime.formatIso))}
          WHERE org_id = ${row.orgId} AND integration = ${row.integration} AND sealed = ${row.sealed}`

    /** Never moves a time back, so that late writers do no harm. In one order, so that they do not wait in a ring. */
    const recordSyncs = (syncs: ReadonlyArray<Sync>) =>
      Effect.forEach(Array.sort(syncs, byOwner), ({ at, integration, orgId }) => {
        const lastSync = DateTime.formatIso(at)
        return sql`UPDATE integrations SET last_sync = ${lastSync}
                   WHERE org_id = ${orgId} AND integration = ${integration}
                     AND (last_sync IS NULL OR last_sync < ${lastSync})`
      }, { discard: true }).pipe(transaction(sql))

    /** Every org that has configured the integration, at most `limit` of them, the latest first. */
    const withIntegration = SqlSchema.findAll({
      Request: Schema.Struct({ integration: Schema.String, limit: Schema.Int }),
      Result: IntegrationRow,
      execute: ({ integration, limit }) =>
        sql`SELECT * FROM integrations WHERE integration = ${integration} ORDER BY configured_at DESC LIMIT ${limit}`
    })

    return {
      find: (orgId: OrgId, integration: string) => Effect.orDie(find({ orgId, integration })),
      list: (orgId: OrgId) => Effect.orDie(list(orgId)),
      put: (row: Pick<IntegrationRow, "orgId" | "integration" | "keyId" | "sealed" | "configuredAt">) =>
        Effect.orDie(put(row)),
      remove: (orgId: OrgId, integration: string) => Effect.orDie(remove(orgId, integration)),
      setRefused: (row: IntegrationRow, refusedAt: Option.Option<DateTime.Utc>) =>
        Effect.orDie(setRefused(row, refusedAt)),
      recordSyncs: (syncs: ReadonlyArray<Sync>) => Effect.orDie(recordSyncs(syncs)),
      withIntegration: (integration: string, limit: number) => Effect.orDie(withIntegration({ integration, limit }))
    } as const
  })
}) {}
