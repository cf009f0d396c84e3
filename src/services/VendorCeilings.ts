import { Duration, Effect, Metric, RcMap } from "effect"
import { ServiceUnavailable } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { vendorCallsRefused } from "../observability/metrics.ts"
import { timeLeft, within as withDeadline } from "../upstream/Deadline.ts"
import { upstreamTimeout } from "../upstream/Upstream.ts"
import { makeFairSemaphore } from "./FairSemaphore.ts"

/** Calls under way at the same time to one vendor: what connections and memory are meant for. */
const ofVendor = 128

/** Of these, an organisation's share: sixteen whose vendor hangs would have to come together to use it up. */
const ofOrg = 8

/** Calls of an organisation that may wait for their turn. */
const waitingOfOrg = 32

/** Calls end within the deadline, most of them within a second. */
const retryAfterMs = 2000

/** Whose call it is, and to whom. */
export interface Called {
  readonly orgId: OrgId
  readonly integration: string
  /** The vendor's name in sentences. */
  readonly vendor: string
}

const tooMany = ({ vendor }: Called) =>
  Effect.zipRight(
    Metric.increment(vendorCallsRefused(vendor, "ceiling")),
    new ServiceUnavailable({ details: `Too many calls to ${vendor} are under way`, retryAfterMs })
  )

/** Keeps a vendor that does not answer, and an organisation that asks much, from taking the share of others. */
export class VendorCeilings extends Effect.Service<VendorCeilings>()("services/VendorCeilings", {
  scoped: Effect.gen(function*() {
    const timeout = yield* upstreamTimeout
    // Gone when nobody calls: any number of organisations may come by.
    const vendors = yield* RcMap.make({ lookup: (_integration: string) => makeFairSemaphore(ofVendor) })
    const orgs = yield* RcMap.make({
      lookup: (_place: string) => Effect.map(makeFairSemaphore(ofOrg), (calls) => ({ calls, present: { count: 0 } }))
    })

    /**
     * Waits for the call's turn, the first first, which counts towards the deadline of the call. Fails at once where too
     * many of the organisation wait already.
     */
    const within = (called: Called) => <A, E, R>(call: Effect.Effect<A, E, R>) =>
      Effect.gen(function*() {
        const { integration, orgId } = called
        const { calls, present } = yield* RcMap.get(orgs, JSON.stringify([integration, orgId]))
        const all = yield* RcMap.get(vendors, integration)
        if (present.count >= ofOrg + waitingOfOrg) return yield* tooMany(called)
        yield* Effect.acquireRelease(
          Effect.sync(() => void present.count++),
          () => Effect.sync(() => void present.count--)
        )
        // The organisation's own turn first: it never has more than its share in the line for the vendor.
        yield* Effect.zipRight(calls.permit, all.permit).pipe(
          Effect.timeoutTo({
            duration: Duration.millis(yield* timeLeft),
            onSuccess: () => Effect.void,
            onTimeout: () => tooMany(called)
          }),
          Effect.flatten
        )
        return yield* call
      }).pipe(Effect.scoped, withDeadline(timeout))

    return { within } as const
  })
}) {}
