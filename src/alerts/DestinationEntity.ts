import { Entity } from "@effect/cluster"
import { Rpc } from "@effect/rpc"
import { Effect, Layer, Schema } from "effect"
import { createHash } from "node:crypto"
import type { Destination } from "../domain/Delivery.ts"
import { OrgId } from "../domain/Ids.ts"
import { othersFirst } from "../persistence/othersFirst.ts"
import { Dispatch } from "./Dispatch.ts"
import { Sender } from "./Sender.ts"

/**
 * A destination's owner: the cluster runs each entity in one place at a time, and this one takes one message at a
 * time, so nobody else sends to its destination. The message says only that there is something to do; what, the table
 * says.
 */
const DestinationEntity = Entity.make("Destination", [
  Rpc.make("Drain", { payload: { orgId: OrgId, channel: Schema.String, channelId: Schema.String } })
])

/** All destinations are in the cluster's default group of shards. */
export const shardGroup = "default"

/** Entity ids have a bounded length in the cluster's tables; destinations do not. */
export const entityId = ({ channel, channelId, orgId }: Destination): string =>
  createHash("sha256").update(JSON.stringify([orgId, channel, channelId])).digest("base64url")

const Owners = DestinationEntity.toLayer(
  Effect.map(Sender, (sender) => ({ Drain: ({ payload }) => sender.drain(payload) })),
  {
    // The one at work and one more: whoever comes later is served by that one.
    mailboxCapacity: 2,
    maxIdleTime: "1 minute"
  }
)

/** Wakes owners through the cluster, without waiting for them. */
const DispatchLive = Layer.scoped(
  Dispatch,
  Effect.gen(function*() {
    const owner = yield* DestinationEntity.client
    const sender = yield* Sender
    const scope = yield* Effect.scope
    const wakeOne = (destination: Destination) =>
      Effect.suspend(() =>
        sender.attends(destination)
          ? Effect.void
          : owner(entityId(destination)).Drain(destination, { discard: true })
      ).pipe(
        Effect.catchTag("MailboxFull", () => Effect.void),
        Effect.catchAllCause((cause) => Effect.logWarning("A destination could not be woken", cause))
      )
    return {
      wake: (destinations) =>
        // A message through the cluster costs more than to store the event.
        destinations.every(sender.attends)
          ? Effect.void
          : Effect.asVoid(
            Effect.forkIn(
              Effect.forEach(destinations, (one) => Effect.zipRight(othersFirst, wakeOne(one)), { discard: true }),
              scope
            )
          )
    }
  })
)

/** The owners of all destinations and the way to wake them, on whatever cluster is provided. */
export const DestinationsLive = Layer.provideMerge(DispatchLive, Owners)
