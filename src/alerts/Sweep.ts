import { DateTime, Duration, Effect, Layer, Schedule } from "effect"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { Dispatch } from "./Dispatch.ts"
import { patience } from "./Sender.ts"

/** How many destinations are woken in one go. */
const round = 1000

/** Between two rounds that found as many as they take: about the time that it takes to wake them. */
const breath = Duration.seconds(1)

/** How long a sender that was woken is believed to be at work before it is looked after again. */
const trust = Duration.seconds(30)

/**
 * Wakes every destination with something to do, at start and at intervals: what waits for its time, what was left by a
 * process that ended, what nobody was woken for, and what was paused until its integration was configured anew.
 */
export const SweepLive = Layer.scopedDiscard(
  Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const dispatch = yield* Dispatch
    const sweep = Effect.gen(function*() {
      const now = yield* DateTime.now
      const again = DateTime.addDuration(now, trust)
      const due = yield* destinations.takeDue(now, again, round)
      const resumable = yield* destinations.takeResumable(again, round)
      yield* dispatch.wake([...due, ...resumable])
      return Math.max(due.length, resumable.length)
    })
    yield* sweep.pipe(
      Effect.repeat({ while: (found) => found === round, schedule: Schedule.spaced(breath) }),
      Effect.catchAllDefect((defect) => Effect.logWarning("Could not look for destinations with work", defect)),
      Effect.repeat(Schedule.spaced(patience)),
      Effect.forkScoped
    )
  })
)
