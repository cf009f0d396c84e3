import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { AuditEntry, beginning, canonical, type Numbered } from "../domain/AuditEntry.ts"
import { OrgId } from "../domain/Ids.ts"
import { transaction } from "./transaction.ts"

/** An entry as it is stored. */
export class AuditRow extends AuditEntry.extend<AuditRow>("AuditRow")({
  number: Schema.Int,
  hash: Schema.String
}) {}

/** A row as whoever edits the database may have left it: only where it stands is sure. */
export const FoundRow = Schema.Struct({
  orgId: Schema.String,
  number: Schema.Int,
  at: Schema.Unknown,
  tokenId: Schema.Unknown,
  action: Schema.Unknown,
  target: Schema.Unknown,
  outcome: Schema.Unknown,
  status: Schema.Unknown,
  requestId: Schema.Unknown,
  hash: Schema.Unknown
})

/** Where a chain ends: how many rows it has, and the hash of the last. */
export class AuditHead extends Schema.Class<AuditHead>("AuditHead")({
  orgId: Schema.String,
  lastNumber: Schema.Int,
  lastHash: Schema.String
}) {}

export const hashOf = (previous: string, entry: Numbered): string =>
  createHash("sha256").update(canonical(previous, entry)).digest("hex")

/** An entry to append. Unless it `begins`, it is only appended to a chain that is there. */
export interface Appended {
  readonly entry: AuditEntry
  readonly begins: boolean
}

/** Which rows to list, the newest first. */
export interface AuditQuery {
  /** Only those before the one with this number. */
  readonly before: number | undefined
  readonly action: string | undefined
  readonly limit: number
}

const encodeEntry = Schema.encode(AuditEntry)

/** The audit log: rows are added and never changed or removed. */
export class AuditRepo extends Effect.Service<AuditRepo>()("persistence/AuditRepo", {
  effect: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** Writes, so that the head is locked until the end of the transaction. */
    const lockHead = SqlSchema.findOne({
      Request: OrgId,
      Result: AuditHead,
      execute: (orgId) => sql`UPDATE audit_heads SET last_number = last_number WHERE org_id = ${orgId} RETURNING *`
    })

    const begin = (orgId: OrgId) =>
      sql`INSERT INTO audit_heads (org_id, last_number, last_hash) VALUES (${orgId}, 0, ${beginning})
          ON CONFLICT (org_id) DO NOTHING`

    const moveHead = ({ lastHash, lastNumber, orgId }: AuditHead) =>
      sql`UPDATE audit_heads SET last_number = ${lastNumber}, last_hash = ${lastHash} WHERE org_id = ${orgId}`

    const append = (head: AuditHead, entry: AuditEntry) =>
      Effect.gen(function*() {
        const numbered = { ...(yield* encodeEntry(entry)), number: head.lastNumber + 1 }
        const hash = hashOf(head.lastHash, numbered)
        yield* sql`INSERT INTO audit_log ${sql.insert({ ...numbered, hash })}`
        return new AuditHead({ orgId: head.orgId, lastNumber: numbered.number, lastHash: hash })
      })

    const appendToChain = (orgId: OrgId, entries: ReadonlyArray<Appended>) =>
      Effect.gen(function*() {
        if (entries.some(({ begins }) => begins)) yield* begin(orgId)
        const head = yield* lockHead(orgId)
        if (Option.isNone(head)) return entries
        yield* moveHead(yield* Effect.reduce(entries, head.value, (head, { entry }) => append(head, entry)))
        return []
      })

    /** Heads are locked in the order of their orgs: who locks several cannot wait for who waits for it. */
    const appendAll = (entries: ReadonlyArray<Appended>) => {
      const orgs = [...new Set(entries.map(({ entry }) => entry.orgId))].toSorted()
      return Effect.forEach(
        orgs,
        (orgId) => appendToChain(orgId, entries.filter(({ entry }) => entry.orgId === orgId))
      ).pipe(Effect.map((left) => left.flat()), transaction(sql))
    }

    const list = SqlSchema.findAll({
      Request: Schema.Struct({
        orgId: OrgId,
        before: Schema.UndefinedOr(Schema.Int),
        action: Schema.UndefinedOr(Schema.String),
        limit: Schema.Int
      }),
      Result: AuditRow,
      execute: ({ action, before, limit, orgId }) =>
        sql`SELECT * FROM audit_log
            WHERE ${
          sql.and([
            sql`org_id = ${orgId}`,
            ...(action === undefined ? [] : [sql`action = ${action}`]),
            ...(before === undefined ? [] : [sql`number < ${before}`])
          ])
        }
            ORDER BY number DESC LIMIT ${limit}`
    })

    const following = SqlSchema.findAll({
      Request: Schema.Struct({ orgId: Schema.String, after: Schema.Int, upTo: Schema.Int, limit: Schema.Int }),
      Result: FoundRow,
      execute: ({ after, limit, orgId, upTo }) =>
        sql`SELECT * FROM audit_log WHERE org_id = ${orgId} AND number > ${after} AND number <= ${upTo}
            ORDER BY number LIMIT ${limit}`
    })

    const head = SqlSchema.findOne({
      Request: Schema.String,
      Result: AuditHead,
      execute: (orgId) => sql`SELECT * FROM audit_heads WHERE org_id = ${orgId}`
    })

    /** Those before the first as well. In one statement: a row that is appended meanwhile moves the head in the same transaction. */
    const beyondHead = SqlSchema.findOne({
      Request: Schema.String,
      Result: Schema.Struct({ number: Schema.NullOr(Schema.Int) }),
      execute: (orgId) =>
        sql`SELECT MIN(number) AS number FROM audit_log WHERE org_id = ${orgId}
              AND (number < 1 OR number > COALESCE((SELECT last_number FROM audit_heads WHERE org_id = ${orgId}), 0))`
    })

    /** Every org that has rows, or a head. */
    const nextOrg = SqlSchema.findOne({
      Request: Schema.String,
      Result: Schema.Struct({ orgId: Schema.NullOr(Schema.String) }),
      execute: (after) =>
        sql`SELECT MIN(org_id) AS org_id FROM (
              SELECT MIN(org_id) AS org_id FROM audit_heads WHERE org_id > ${after}
              UNION ALL
              SELECT MIN(org_id) AS org_id FROM audit_log WHERE org_id > ${after}
            ) AS orgs`
    })

    return {
      /** All of them in one transaction. Answers with those that found no chain to be appended to. */
      append: (entries: ReadonlyArray<Appended>) => Effect.orDie(appendAll(entries)),
      list: (orgId: OrgId, query: AuditQuery) => Effect.orDie(list({ orgId, ...query })),
      head: (orgId: string) => Effect.orDie(head(orgId)),
      /** The rows after a number and up to another, the oldest first. */
      following: (orgId: string, after: number, upTo: number, limit: number) =>
        Effect.orDie(following({ orgId, after, upTo, limit })),
      /** The first row that the head does not know of. */
      beyondHead: (orgId: string) =>
        Effect.orDie(Effect.map(beyondHead(orgId), Option.flatMapNullable(({ number }) => number))),
      /** The org that comes next after this one; `""` is before all. */
      nextOrg: (after: string) => Effect.orDie(Effect.map(nextOrg(after), Option.flatMapNullable(({ orgId }) => orgId)))
    } as const
  })
}) {}
