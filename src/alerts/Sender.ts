import { DateTime, Duration, Effect, Option } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import { type DestinationRow, DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { IntegrationsRepo } from "../persistence/IntegrationsRepo.ts"
import { Attempts } from "./Attempts.ts"
import { Batches } from "./Batches.ts"
import { Notifier } from "./Notifier.ts"

/** Shorter waits are waited out; longer ones are left to the sweep, which comes round as often. */
export const patience = Duration.seconds(5)

/** What comes after a step: another one, or nothing until somebody wakes the sender. */
type Next = "again" | "rest"

/** When the integration's config was stored, as pauses note it. */
const configOf = Option.match({
  onNone: () => "",
  onSome: ({ configuredAt }: { readonly configuredAt: DateTime.Utc }) => DateTime.formatIso(configuredAt)
})

/** Empties a destination's queue. For each destination one at a time: whoever calls it sees to that. */
export class Sender extends Effect.Service<Sender>()("alerts/Sender", {
  effect: Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const integrations = yield* IntegrationsRepo
    const batches = yield* Batches
    const attempts = yield* Attempts
    const notifier = yield* Notifier

    /** `null` where nothing is left to wait for. */
    const until = (row: DestinationRow, time: DateTime.Utc | null): Effect.Effect<Next> =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const wait = time === null ? Duration.infinity : DateTime.distanceDuration(now, DateTime.max(now, time))
        if (Duration.lessThanOrEqualTo(wait, patience)) return yield* Effect.as(Effect.sleep(wait), "again" as const)
        return (yield* destinations.rest(row, time)) ? "rest" as const : "again" as const
      })

    /** A pause ends when the integration has another config than the one that could not be used. */
    const stillPaused = Effect.fn("Sender.stillPaused")(function*(row: DestinationRow) {
      if (row.pausedConfig === null) return false
      const config = configOf(yield* integrations.find(row.orgId, row.channel))
      if (config === row.pausedConfig) return true
      yield* destinations.pause(row, null)
      return false
    })

    const step = Effect.fn("Sender.step")(function*(destination: Destination) {
      const found = yield* destinations.find(destination)
      if (Option.isNone(found)) return "rest" as const
      const row = found.value
      if (yield* stillPaused(row)) return yield* until(row, null)
      const now = yield* DateTime.now
      if (row.quietUntil !== null && DateTime.greaterThan(row.quietUntil, now)) return yield* until(row, row.quietUntil)
      const batch = yield* batches.next(destination, now)
      if (batch._tag === "Nothing") return yield* until(row, batch.until)
      return yield* notifier(destination).pipe(
        Effect.flatMap((line) => attempts.make(line, batch)),
        Effect.catchTag("Paused", (paused) => attempts.putOff(batch.head, paused)),
        Effect.as("again" as const)
      )
    })

    /** Sends what is due, in order, until nothing is or the next has to wait long. */
    const drain = (destination: Destination): Effect.Effect<void> =>
      step(destination).pipe(
        Effect.repeat({ while: (next) => next === "again" }),
        // What is left stays due in the table: the sweep comes back to it.
        Effect.catchAllDefect((defect) => Effect.logError("A destination could not be drained", defect)),
        Effect.asVoid,
        Effect.annotateLogs({ org: destination.orgId, channel: destination.channel })
      )

    return { drain } as const
  })
}) {}
