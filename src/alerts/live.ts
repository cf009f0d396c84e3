import { Layer } from "effect"
import { Attempts } from "./Attempts.ts"
import { Batches } from "./Batches.ts"
import { Inbox } from "./Inbox.ts"
import { IntakeLive } from "./Intake.ts"
import { Queue } from "./Queue.ts"
import { RetentionLive } from "./Retention.ts"
import { Sender } from "./Sender.ts"
import { SweepLive } from "./Sweep.ts"

/** What empties queues, without a way to send and without somebody who wakes it. */
export const SenderLive = Sender.Default.pipe(Layer.provide([Batches.Default, Attempts.Default]))

/** From events to deliveries, and what sees to those that wait; without somebody who wakes senders. */
export const AlertsLive = Layer.mergeAll(IntakeLive, SweepLive, RetentionLive).pipe(
  Layer.provideMerge(Layer.mergeAll(Queue.Default, Inbox.Default))
)
