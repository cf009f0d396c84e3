import { Effect } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import { semaphoresByKey } from "../services/FairSemaphore.ts"

/** Messages under way at the same time to one channel's vendor: what connections and memory are meant for. */
const ofChannel = 128

/** Of these, an organisation's share: one whose endpoints hang leaves room for the others. */
const ofOrg = 16

/** So many at a time for each key. */
const makePlaces = (permits: number) => {
  const { enter, leave } = semaphoresByKey(permits)
  return (key: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      enter(key),
      ({ semaphore }) => semaphore.withPermit(effect),
      (place) => Effect.sync(() => leave(key, place))
    )
}

/** Keeps a channel that does not answer from holding back other channels, and an organisation from holding back others. */
export class Bulkheads extends Effect.Service<Bulkheads>()("alerts/Bulkheads", {
  sync: () => {
    const channels = makePlaces(ofChannel)
    const orgs = makePlaces(ofOrg)

    /** Waits for room, and can be interrupted while it waits. */
    const within = ({ channel, orgId }: Destination) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      orgs(JSON.stringify([channel, orgId]))(channels(channel)(effect))

    return { within } as const
  }
}) {}
