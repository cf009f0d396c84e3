import { DateTime, Deferred, Effect, Option } from "effect"
import type { AuditEntry } from "../domain/AuditEntry.ts"
import type { OrgId } from "../domain/Ids.ts"
import { type Appended, type AuditQuery, AuditRepo } from "../persistence/AuditRepo.ts"
import { StorageHealth } from "../persistence/StorageHealth.ts"

interface Waiting extends Appended {
  readonly written: Deferred.Deferred<void>
}

/** All of it, for a log line: with the time and the request of the entry, not of who happens to write it. */
const shown = ({ action, at, orgId, outcome, requestId, status, target, tokenId }: AuditEntry) => ({
  action,
  at: DateTime.formatIso(at),
  org: orgId,
  token: tokenId,
  target,
  outcome,
  status,
  requestId
})

/** Who did what. */
export class Audit extends Effect.Service<Audit>()("services/Audit", {
  effect: Effect.gen(function*() {
    const repo = yield* AuditRepo
    const storage = yield* StorageHealth
    const turn = yield* Effect.makeSemaphore(1)
    const waiting: Array<Waiting> = []
    let unwritten = 0

    const missing = ({ entry }: Appended) =>
      Effect.suspend(() => {
        unwritten += 1
        return Effect.annotateLogs(
          Effect.logError("The audit log lacks an action: it could not be written"),
          { ...shown(entry), unwritten }
        )
      })

    const unknown = ({ entry }: Appended) =>
      Effect.annotateLogs(
        Effect.logInfo("Refused, and not written to the audit log: the organisation has never done anything"),
        shown(entry)
      )

    /** The action has been done or refused by now, so nothing that goes wrong here may change its answer. */
    const write = (entries: ReadonlyArray<Waiting>) =>
      repo.append(entries).pipe(
        Effect.flatMap((left) => Effect.forEach(left, unknown, { discard: true })),
        Effect.catchAllCause((cause) =>
          storage.examine(cause).pipe(
            Effect.zipRight(Effect.logError("The audit log could not be written", cause)),
            Effect.zipRight(Effect.forEach(entries, missing, { discard: true }))
          )
        ),
        Effect.zipRight(Effect.forEach(entries, ({ written }) => Deferred.succeed(written, undefined)))
      )

    /**
     * Returns once the entry is on disk, or in the log of what could not be written: it never fails. Entries that come
     * while others are being written share the next transaction.
     *
     * Refusals do not begin an org's chain unless the caller had a token of the org: anybody can make up orgs.
     */
    const record = Effect.fnUntraced(function*(entry: AuditEntry) {
      const written = yield* Deferred.make<void>()
      waiting.push({ entry, begins: entry.outcome === "ok" || entry.tokenId !== null, written })
      yield* turn.withPermits(1)(Effect.suspend(() => {
        const entries = waiting.splice(0)
        return entries.length === 0 ? Effect.void : write(entries)
      }))
      yield* Deferred.await(written)
    }, Effect.uninterruptible)

    const list = Effect.fnUntraced(function*(orgId: OrgId, query: AuditQuery) {
      // One more than asked for tells whether there are more.
      const rows = yield* repo.list(orgId, { ...query, limit: query.limit + 1 })
      const page = rows.slice(0, query.limit)
      const next = rows.length > query.limit ? Option.fromNullable(page.at(-1)) : Option.none()
      return { page, next: Option.map(next, ({ number }) => number) }
    })

    return { record, list } as const
  })
}) {}
