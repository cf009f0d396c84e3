import { Duration, Effect, Metric } from "effect"
import { ServiceUnavailable } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { vendorCallsRefused } from "../observability/metrics.ts"
import { timeLeft, within as withDeadline } from "../upstream/Deadline.ts"
import { upstreamTimeout } from "../upstream/Upstream.ts"
import { type FairSemaphore, makeFairSemaphore } from "./FairSemaphore.ts"

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

/** An organisation's calls to one vendor, under way and waiting. */
interface Line {
  readonly turns: FairSemaphore
  present: number
}

/** Keeps a vendor that does not answer, and an organisation that asks much, from taking the share of others. */
export class VendorCeilings extends Effect.Service<VendorCeilings>()("services/VendorCeilings", {
  effect: Effect.gen(function*() {
    const timeout = yield* upstreamTimeout
    const vendors = new Map<string, FairSemaphore>()
    // Only those with calls: any number of organisations may come by.
    const lines = new Map<string, Line>()

    const vendorOf = Effect.fnUntraced(function*(integration: string) {
      const known = vendors.get(integration) ?? (yield* makeFairSemaphore(ofVendor))
      vendors.set(integration, known)
      return known
    })

    const lineOf = Effect.fnUntraced(function*(key: string) {
      const known = lines.get(key) ?? { turns: yield* makeFairSemaphore(ofOrg), present: 0 }
      lines.set(key, known)
      return known
    })

    /**
     * Waits for the call's turn, the first first, which counts towards the deadline of the call. Fails at once where too
     * many of the organisation wait already.
     */
    const within = (called: Called) => <A, E, R>(call: Effect.Effect<A, E, R>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const { integration, orgId } = called
          const key = JSON.stringify([integration, orgId])
          const all = yield* vendorOf(integration)
          const line = yield* lineOf(key)
          const own = line.turns
          if (line.present >= ofOrg + waitingOfOrg) return yield* tooMany(called)
          line.present++
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
              line.present--
              if (line.present === 0) lines.delete(key)
            }))
          )
        })
      ).pipe(withDeadline(timeout))

    return { within } as const
  })
}) {}
