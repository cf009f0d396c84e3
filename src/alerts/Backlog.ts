import { Array, DateTime, Duration, Effect, Layer, Metric, Schedule } from "effect"
import { agentChannel } from "../domain/Delivery.ts"
import { deliveriesWaiting, oldestWaiting } from "../observability/metrics.ts"
import { BacklogRepo } from "../persistence/BacklogRepo.ts"

/** As often as Prometheus usually looks: an index is read each time, not the deliveries. */
const interval = Duration.seconds(15)

/** Keeps the gauges of what waits to be sent. A channel that nothing waits for is at zero, not gone. */
export const backlogGauges = (channels: ReadonlyArray<string>) =>
  Layer.scopedDiscard(Effect.gen(function*() {
    const repo = yield* BacklogRepo
    const look = Effect.gen(function*() {
      const now = yield* DateTime.now
      const found = Array.groupBy(yield* repo.byChannel, ({ channel }) => channel)
      yield* Effect.forEach([...channels, agentChannel], (channel) => {
        const [waiting] = found[channel] ?? []
        const ageMs = waiting === undefined ? 0 : Math.max(0, now.epochMillis - waiting.oldest.epochMillis)
        return Effect.zipRight(
          Metric.set(deliveriesWaiting(channel), waiting?.count ?? 0),
          Metric.set(oldestWaiting(channel), ageMs / 1000)
        )
      }, { discard: true })
    })
    yield* look.pipe(
      Effect.catchAllDefect((defect) => Effect.logWarning("Could not look at what waits to be sent", defect)),
      Effect.repeat(Schedule.spaced(interval)),
      Effect.forkScoped
    )
  }))
