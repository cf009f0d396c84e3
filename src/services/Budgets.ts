import { DateTime, Duration, Effect } from "effect"
import type { OrgId } from "../domain/Ids.ts"
import type { Quota } from "../domain/Quota.ts"
import { budgetRemaining } from "../observability/metrics.ts"
import { whenLookedAt } from "../observability/whenLookedAt.ts"
import type { Line } from "./Breakers.ts"

/** A quota, and when the vendor told of it. */
export interface Told extends Quota {
  readonly asOf: DateTime.Utc
}

interface Kept {
  readonly vendor: string
  readonly revision: string
  readonly byUnit: ReadonlyMap<Quota["unit"], Told>
}

/** Some hundred bytes each. Beyond it the one that was told of least recently is forgotten. */
const mostKept = 10_000

/** Some quotas are of a second: they count for so long at least, or nobody who looks now and then ever saw one. */
const atLeast = Duration.minutes(1)

const keyOf = (orgId: OrgId, integration: string) => JSON.stringify([integration, orgId])

/** Whether a quota still says how near to its limit an organisation is. */
const counts = ({ asOf, resetsAt }: Told, nowMs: number): boolean =>
  nowMs <= Math.max(asOf.epochMillis + Duration.toMillis(atLeast), resetsAt?.epochMillis ?? 0)

/**
 * What vendors still allow organisations, as this process has heard it. The metrics have of each vendor the least that is
 * left to any organisation: one for each would be without bound.
 */
export class Budgets extends Effect.Service<Budgets>()("services/Budgets", {
  scoped: Effect.gen(function*() {
    const clock = yield* Effect.clock
    const kept = new Map<string, Kept>()

    /** Vendors that have ever told of a quota, and which. */
    const told = new Map<string, Set<Quota["unit"]>>()

    yield* whenLookedAt(() => {
      const nowMs = clock.unsafeCurrentTimeMillis()
      for (const [vendor, units] of told) {
        for (const unit of units) {
          let least = 1
          for (const { byUnit, vendor: of } of kept.values()) {
            const quota = byUnit.get(unit)
            if (of !== vendor || quota === undefined || !counts(quota, nowMs)) continue
            least = Math.min(least, quota.remaining / quota.limit)
          }
          budgetRemaining(vendor, unit).unsafeUpdate(least, [])
        }
      }
    })

    /** For a call on this line: takes what the vendor says of its quotas. */
    const hear = ({ integration, orgId, revision, vendor }: Line) => (quotas: ReadonlyArray<Quota>): void => {
      const asOf = DateTime.unsafeMake(clock.unsafeCurrentTimeMillis())
      const key = keyOf(orgId, integration)
      const before = kept.get(key)
      const byUnit = new Map(before?.revision === revision ? before.byUnit : [])
      const units = told.get(vendor) ?? new Set()
      for (const quota of quotas) {
        byUnit.set(quota.unit, { ...quota, asOf })
        units.add(quota.unit)
      }
      told.set(vendor, units)
      kept.delete(key)
      kept.set(key, { vendor, revision, byUnit })
      const [oldest] = kept.size > mostKept ? kept.keys() : []
      if (oldest !== undefined) kept.delete(oldest)
    }

    /** What was told last, under this config; nothing where the vendor tells nothing or has not been called. */
    const latest = (orgId: OrgId, integration: string, revision: string): ReadonlyArray<Told> => {
      const found = kept.get(keyOf(orgId, integration))
      return found?.revision === revision ? [...found.byUnit.values()] : []
    }

    /** Of how many lines something is kept. */
    const size = Effect.sync(() => kept.size)

    return { hear, latest, size } as const
  })
}) {}
