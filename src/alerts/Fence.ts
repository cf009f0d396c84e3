import { Context, Duration, Effect, Layer } from "effect"
import type { Destination } from "../domain/Delivery.ts"

/**
 * How long a process that has died or hangs keeps its destinations. Three refreshes fit into it, so that two may fail;
 * another process then finds the locks free at its next look, every 3 seconds.
 */
export const lockExpiry = Duration.seconds(15)

/** How long a claim that the fence let through may wait for its message to be sent: well within the lock's life. */
export const claimLasts = Duration.seconds(7)

/**
 * Whether this process still owns a destination, as the database sees it. A process that was stopped for a while takes
 * itself for the owner until its next look at its locks; the fence is asked in the transaction that claims a message,
 * so that it sends nothing meanwhile.
 */
export class Fence extends Context.Tag("alerts/Fence")<Fence, {
  readonly owns: (destination: Destination) => Effect.Effect<boolean>
}>() {
  /** Of a process that is alone with its database. */
  static readonly open = Layer.succeed(Fence, { owns: () => Effect.succeed(true) })
}
