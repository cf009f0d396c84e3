import { Clock, DateTime, Effect, Option } from "effect"
import type { OrgId } from "../domain/Ids.ts"
import { IntegrationsRepo, type Sync } from "../persistence/IntegrationsRepo.ts"
import { writtenBehind } from "./writtenBehind.ts"

const keyOf = (orgId: OrgId, integration: string) => `${integration}\n${orgId}`

/**
 * When each org's vendors last answered well. Kept in memory and written behind in one transaction every five
 * seconds and at shutdown, so that a request never waits for this write; a crash loses five seconds of it at most.
 */
export class SyncLog extends Effect.Service<SyncLog>()("services/SyncLog", {
  scoped: Effect.gen(function*() {
    const repo = yield* IntegrationsRepo
    const unwritten = new Map<string, Sync>()

    /** What is being written stays known until it is, and stays for the next time if it could not be. */
    const flush = Effect.gen(function*() {
      const written = [...unwritten]
      if (written.length === 0) return
      yield* repo.recordSyncs(written.map(([, sync]) => sync))
      for (const [key, sync] of written) if (unwritten.get(key) === sync) unwritten.delete(key)
    })
    yield* writtenBehind(flush, "Could not write sync times")

    const record = (orgId: OrgId, integration: string) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        unwritten.set(keyOf(orgId, integration), { orgId, integration, at: DateTime.unsafeMake(now) })
      })

    const latest = (orgId: OrgId, integration: string) =>
      Effect.sync(() => Option.map(Option.fromNullable(unwritten.get(keyOf(orgId, integration))), ({ at }) => at))

    /** For a forgotten integration: what it did is not shown any more. */
    const forget = (orgId: OrgId, integration: string) =>
      Effect.sync(() => void unwritten.delete(keyOf(orgId, integration)))

    return { record, latest, forget } as const
  })
}) {}
