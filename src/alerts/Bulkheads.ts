import { Effect, RcMap } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import { makeFairSemaphore } from "../services/FairSemaphore.ts"

/** Messages under way at the same time to one channel's vendor: what connections and memory are meant for. */
const ofChannel = 128

/** Of these, an organisation's share: one whose endpoints hang leaves room for the others. */
const ofOrg = 16

/** Keeps a channel that does not answer from holding back other channels, and an organisation from holding back others. */
export class Bulkheads extends Effect.Service<Bulkheads>()("alerts/Bulkheads", {
  scoped: Effect.gen(function*() {
    // Gone when nobody uses them: any number of organisations may come by.
    const channels = yield* RcMap.make({ lookup: (_channel: string) => makeFairSemaphore(ofChannel) })
    const orgs = yield* RcMap.make({ lookup: (_place: string) => makeFairSemaphore(ofOrg) })

    /** Waits for room, and can be interrupted while it waits. */
    const within = ({ channel, orgId }: Destination) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.scoped(
        Effect.gen(function*() {
          const org = yield* RcMap.get(orgs, JSON.stringify([channel, orgId]))
          const all = yield* RcMap.get(channels, channel)
          return yield* org.withPermit(all.withPermit(effect))
        })
      )

    return { within } as const
  })
}) {}
