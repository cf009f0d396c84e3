import { Duration, Effect, Metric } from "effect"
import { ServiceUnavailable } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { vendorCallsRefused } from "../observability/metrics.ts"
import { timeLeft, within as withDeadline } from "../upstream/Deadline.ts"
import { upstreamTimeout } from "../upstream/Upstream.ts"
import { semaphoresByKey } from "./FairSemaphore.ts"

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
  effect: Effect.gen(function*() {
    const timeout = yield* upstreamTimeout
    const vendors = semaphoresByKey(ofVendor)
    const lines = semaphoresByKey(ofOrg)

    /**
     * Waits for the call's turn, the first first, which counts towards the deadline of the call. Fails at once where too
     * many of the organisation wait already.
     */
    const within = (called: Called) => <A, E, R>(call: Effect.Effect<A, E, R>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const { integration, orgId } = called
          const key = JSON.stringify([integration, orgId])
          const line = yield* lines.enter(key)
          if (line.users > ofOrg + waitingOfOrg) {
            lines.leave(key, line)
            return yield* tooMany(called)
          }
          const vendor = yield* vendors.enter(integration)
          const [all, own] = [vendor.semaphore, line.semaphore]
          let held = false
          // The organisation's own turn first: it never has more than its share in the line for the vendor.
          const wait = Effect.uninterruptibleMask((restore) =>
            restore(own.take).pipe(
              Effect.zipRight(Effect.onError(restore(all.take), () => Effect.sync(own.giveBack))),
              Effect.zipRight(Effect.sync(() => void (held = true)))
            )
          )
          const waited = Effect.flatMap(timeLeft, (left) =>
            Effect.flatten(
              Effect.timeoutTo(wait, {
                duration: Duration.millis(left),
                onSuccess: () => Effect.void,
                onTimeout: () => tooMany(called)
              })
            ))
          if (own.takeNow()) {
            if (all.takeNow()) held = true
            else own.giveBack()
          }
          return yield* restore(held ? call : Effect.zipRight(waited, call)).pipe(
            Effect.ensuring(Effect.sync(() => {
              if (held) {
                all.giveBack()
                own.giveBack()
              }
              vendors.leave(integration, vendor)
              lines.leave(key, line)
            }))
          )
        })
      ).pipe(withDeadline(timeout))

    return { within } as const
  })
}) {}
