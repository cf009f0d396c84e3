import { Cache, Data, Effect, Hash } from "effect"
import { compile, decide } from "../domain/ChannelRoute.ts"
import type { OrgId } from "../domain/Ids.ts"
import { ChannelRoutesRepo, type ListedRoute } from "../persistence/ChannelRoutesRepo.ts"
import { renewed } from "../services/renewed.ts"

/** Routes are read again after this long, which bounds how late another process's change is seen. */
const staleness = "2 seconds"
/** How long those of organisations that nothing comes for are kept. */
const forgotten = "1 minute"
const cachedOrgs = 10_000

const compiled = (row: ListedRoute) => ({ ...row, listensTo: compile(row.eventType) })

/** Which routes send which events. Patterns are compiled once for each reading of an org's routes. */
export class Routing extends Effect.Service<Routing>()("alerts/Routing", {
  scoped: Effect.gen(function*() {
    const repo = yield* ChannelRoutesRepo

    /** Counts changes, a few organisations to a counter so that memory stays bounded: a changed org is read anew. */
    const changes = new Uint32Array(4096)
    const counter = (orgId: OrgId) => (Hash.string(orgId) >>> 0) % changes.length
    const routes = yield* renewed(
      Cache.make({
        capacity: cachedOrgs,
        timeToLive: staleness,
        lookup: ({ orgId }: { readonly orgId: OrgId; readonly change: number | undefined }) =>
          Effect.map(repo.list(orgId), (rows) => rows.map(compiled))
      }),
      forgotten
    )

    const latest = (orgId: OrgId) => Data.struct({ orgId, change: changes[counter(orgId)] })

    /** To be called after each change of an org's routes. What was read before is not asked for any more, and let go. */
    const changed = (orgId: OrgId) =>
      Effect.suspend(() => {
        const before = latest(orgId)
        const at = counter(orgId)
        changes[at] = (changes[at] ?? 0) + 1
        return routes.invalidate(before)
      })

    /** What each of the org's routes does with an event of this type and project, the oldest route first. */
    const explain = Effect.fnUntraced(function*(
      orgId: OrgId,
      event: { readonly type: string; readonly projectId: string | null }
    ) {
      return decide(yield* routes.get(latest(orgId)), event)
    })

    /** The routes that send the event, each to another destination. Not to be called within a transaction. */
    const matching = (orgId: OrgId, event: { readonly type: string; readonly projectId: string | null }) =>
      Effect.map(explain(orgId, event), (all) => all.filter(({ miss }) => miss === null).map(({ route }) => route))

    return { changed, explain, matching } as const
  })
}) {}
