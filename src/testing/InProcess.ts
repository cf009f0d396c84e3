import { Effect, Layer } from "effect"
import { Dispatch } from "../alerts/Dispatch.ts"
import { Sender } from "../alerts/Sender.ts"

/**
 * Senders without a cluster, whose own timers would wait for the test's clock: for each destination one at a time, as
 * in production.
 */
export const InProcess = Layer.scoped(
  Dispatch,
  Effect.gen(function*() {
    const sender = yield* Sender
    const scope = yield* Effect.scope
    const owners = new Map<string, Effect.Semaphore>()
    const ownerOf = (key: string) => {
      const owner = owners.get(key) ?? Effect.unsafeMakeSemaphore(1)
      owners.set(key, owner)
      return owner
    }
    return {
      wake: (destinations) =>
        Effect.forEach(
          destinations,
          (destination) => {
            const { channel, channelId, orgId } = destination
            const owner = ownerOf(JSON.stringify([orgId, channel, channelId]))
            // Whoever wakes it may not be interruptible, but a sender that waits has to end with the scope.
            const drained = Effect.interruptible(owner.withPermits(1)(sender.drain(destination)))
            return Effect.forkIn(drained, scope)
          },
          { discard: true }
        )
    }
  })
)

/** Nobody is woken: deliveries stay as they were queued. */
export const Asleep = Layer.succeed(Dispatch, { wake: () => Effect.void })
