import { DateTime, Duration, Effect, Option } from "effect"
import type { Destination } from "../domain/Delivery.ts"
import type { Rows } from "../persistence/DeliveriesRepo.ts"
import { type DestinationRow, DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { IntegrationsRepo } from "../persistence/IntegrationsRepo.ts"
import { Attempts } from "./Attempts.ts"
import { type Batch, Batches, type Held, type Idle, type Waiting } from "./Batches.ts"
import { Bulkheads } from "./Bulkheads.ts"
import { Notifier } from "./Notifier.ts"
import { Turns } from "./Turns.ts"

/** Shorter waits are waited out; longer ones are left to the sweep, which comes round as often. */
export const patience = Duration.seconds(5)

/** Between two looks at an integration that cannot be used, though the table says otherwise: it may be read late. */
const reconsidered = Duration.seconds(1)

/** What a look at a destination has found. */
type Found = (Batch | Held | Waiting | Idle) & { readonly row: DestinationRow }

/** What comes after a step: another one, or nothing until somebody wakes the sender. */
type Next = "again" | "rest"

const keyOf = ({ channel, channelId, orgId }: Destination): string => JSON.stringify([orgId, channel, channelId])

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
    const bulkheads = yield* Bulkheads
    const turns = yield* Turns

    /** Destinations whose senders will look at the table again before they rest. */
    const attentive = new Set<string>()

    /** A pause ends when the integration has another config than the one that could not be used. */
    const stillPaused = Effect.fnUntraced(function*(row: DestinationRow, now: DateTime.Utc) {
      if (row.pausedConfig === null) return false
      const config = configOf(yield* integrations.find(row.orgId, row.channel))
      if (config === row.pausedConfig) return true
      yield* destinations.resume(row, now)
      return false
    })

    const look = Effect.fnUntraced(function*(destination: Destination) {
      const found = yield* destinations.find(destination)
      if (Option.isNone(found)) return Option.none()
      const row = found.value
      const now = yield* DateTime.now
      if (yield* stillPaused(row, now)) return Option.some<Found>({ _tag: "Idle", row, until: null })
      if (row.quietUntil !== null && DateTime.greaterThan(row.quietUntil, now)) {
        return Option.some<Found>({ _tag: "Waiting", row, until: row.quietUntil })
      }
      return Option.some<Found>({ ...(yield* batches.next(destination, now)), row })
    })

    /**
     * Leaves the destination until a time, unless something was asked of its sender meanwhile. From now on it has to be
     * woken: the table may be left just before something comes.
     */
    const rest = (row: DestinationRow, until: DateTime.Utc | null): Effect.Effect<Next> =>
      Effect.suspend(() => {
        attentive.delete(keyOf(row))
        return Effect.map(turns.take(destinations.rest(row, until)), (rested) => rested ? "rest" : "again")
      })

    const wait = Effect.fnUntraced(function*(row: DestinationRow, until: DateTime.Utc) {
      const now = yield* DateTime.now
      const left = DateTime.distanceDuration(now, DateTime.max(now, until))
      if (Duration.greaterThan(left, patience)) return yield* rest(row, until)
      yield* Effect.sleep(left)
      return "again"
    })

    /** The integration is looked up when there is room: it may have been refused or changed while there was none. */
    const send = (destination: Destination, rows: Rows): Effect.Effect<Next> =>
      Effect.flatMap(notifier(destination), (line) => attempts.make(line, rows)).pipe(
        bulkheads.within(destination),
        Effect.catchTag(
          "Paused",
          (paused) => Effect.zipRight(attempts.putOff(rows, paused), Effect.sleep(reconsidered))
        ),
        Effect.as("again")
      )

    const step = (destination: Destination): Effect.Effect<Next> =>
      Effect.flatMap(
        Effect.zipRight(Effect.sync(() => attentive.add(keyOf(destination))), turns.takeAsNewcomer(look(destination))),
        Option.match({
          onNone: () => Effect.succeed("rest"),
          onSome: (found): Effect.Effect<Next> => {
            switch (found._tag) {
              case "Batch":
                return send(destination, found.rows)
              case "Held":
                return Effect.succeed("again")
              case "Waiting":
                return wait(found.row, found.until)
              case "Idle":
                // Not waited out: whatever comes meanwhile is not to wait for what is held back.
                return rest(found.row, found.until)
            }
          }
        })
      )

    /** Sends what is due, in order, until nothing is or the next has to wait long. */
    const drain = (destination: Destination): Effect.Effect<void> =>
      step(destination).pipe(
        Effect.repeat({ while: (next) => next === "again" }),
        // What is left stays due in the table: the sweep comes back to it.
        Effect.catchAllDefect((defect) => Effect.logError("A destination could not be drained", defect)),
        Effect.ensuring(Effect.sync(() => attentive.delete(keyOf(destination)))),
        Effect.asVoid,
        Effect.annotateLogs({ org: destination.orgId, channel: destination.channel })
      )

    /** Whether the destination's sender is at work here and finds by itself what is in the table by now. */
    const attends = (destination: Destination): boolean => attentive.has(keyOf(destination))

    return { drain, attends } as const
  }),
  dependencies: [Bulkheads.Default, Turns.Default]
}) {}
