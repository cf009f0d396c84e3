import { SqlClient, SqlSchema } from "@effect/sql"
import { Array, DateTime, Effect, Order, Schema } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { FailureReason, keptFailures } from "../domain/WebhookFailure.ts"
import { transaction } from "./transaction.ts"

/** A webhook that was not taken. Ids sort by time. */
export class WebhookFailureRow extends Schema.Class<WebhookFailureRow>("WebhookFailureRow")({
  orgId: OrgId,
  id: Schema.String,
  source: Schema.String,
  reason: FailureReason,
  details: Schema.String,
  failedAt: Schema.DateTimeUtc
}) {}

/** Which failures to list, the newest first. */
export interface FailuresQuery {
  readonly source: string | undefined
  /** Only those before the one with this id. */
  readonly before: string | undefined
  readonly limit: number
}

const byOwner = Order.mapInput(Order.array(Order.string), ({ orgId, source }: WebhookFailureRow) => [orgId, source])

/** The latest webhooks that were not taken: a bounded number for each org and source. */
export class WebhookFailuresRepo extends Effect.Service<WebhookFailuresRepo>()("persistence/WebhookFailuresRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const list = SqlSchema.findAll({
      Request: Schema.Struct({
        orgId: OrgId,
        source: Schema.UndefinedOr(Schema.String),
        before: Schema.UndefinedOr(Schema.String),
        limit: Schema.Int
      }),
      Result: WebhookFailureRow,
      execute: ({ before, limit, orgId, source }) =>
        sql`SELECT * FROM webhook_failures
            WHERE ${
          sql.and([
            sql`org_id = ${orgId}`,
            ...(source === undefined ? [] : [sql`source = ${source}`]),
            ...(before === undefined ? [] : [sql`id < ${before}`])
          ])
        }
            ORDER BY id DESC LIMIT ${limit}`
    })

    /** Anybody can name any org: nothing is kept for one that has not configured the integration. */
    const insert = ({ details, failedAt, id, orgId, reason, source }: WebhookFailureRow) =>
      sql`INSERT INTO webhook_failures (org_id, id, source, reason, details, failed_at)
          SELECT org_id, ${id}, integration, ${reason}, ${details}, ${DateTime.formatIso(failedAt)}
          FROM integrations WHERE org_id = ${orgId} AND integration = ${source}`

    const prune = ({ orgId, source }: WebhookFailureRow) =>
      sql`DELETE FROM webhook_failures WHERE org_id = ${orgId} AND source = ${source} AND id <= (
            SELECT id FROM webhook_failures WHERE org_id = ${orgId} AND source = ${source}
            ORDER BY id DESC LIMIT 1 OFFSET ${keptFailures})`

    const add = (rows: ReadonlyArray<WebhookFailureRow>) =>
      Effect.forEach(rows, insert, { discard: true }).pipe(
        Effect.zipRight(
          Effect.forEach(
            Array.dedupeWith(rows.toSorted(byOwner), (one, other) => byOwner(one, other) === 0),
            prune,
            { discard: true }
          )
        ),
        transaction(sql)
      )

    return {
      list: (orgId: OrgId, query: FailuresQuery) => Effect.orDie(list({ orgId, ...query })),
      /** All of them in one transaction, which also deletes what is too many by then. */
      add: (rows: ReadonlyArray<WebhookFailureRow>) => Effect.orDie(add(rows))
    } as const
  })
}) {}
