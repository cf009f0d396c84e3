import { DateTime, Effect, Layer, Schedule } from "effect"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { Dispatch } from "./Dispatch.ts"
import { patience } from "./Sender.ts"

/** How many destinations are woken in one round; the others are due in the next. */
const round = 1000

/**
 * Wakes every destination with something to do, at start and at intervals: what waits for its time, what was left by a
 * process that ended, what nobody was woken for, and what was paused until its integration was configured anew.
 */
export const SweepLive = Layer.scopedDiscard(
  Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const dispatch = yield* Dispatch
    const sweep = Effect.gen(function*() {
      const due = yield* destinations.due(yield* DateTime.now, round)
      const resumable = yield* destinations.resumable(round)
      yield* dispatch.wake([...due, ...resumable])
    })
    yield* sweep.pipe(
      Effect.catchAllDefect((defect) => Effect.logWarning("Could not look for destinations with work", defect)),
      Effect.repeat(Schedule.spaced(patience)),
      Effect.forkScoped
    )
  })
)
