import { Config, DateTime, Duration, Effect, Layer, Schedule } from "effect"
import { RetentionRepo } from "../persistence/RetentionRepo.ts"
import { answersKept } from "../services/IdempotentAnswers.ts"
import { groupWindow } from "./Batches.ts"

/** How long finished deliveries, inbox entries and what events told are kept. */
export const retention = Config.duration("RETENTION").pipe(Config.withDefault(Duration.days(30)))

/** Rows in one go: about a millisecond of the database's time. */
const batch = 200

/** Between two batches, so that what has to be quick comes in between. */
const pause = Duration.millis(50)

/** Prunes what has been kept long enough, every hour. */
export const RetentionLive = Layer.scopedDiscard(
  Effect.gen(function*() {
    const repo = yield* RetentionRepo
    const kept = yield* retention
    const window = yield* groupWindow

    const prune = (remove: typeof repo.events, before: DateTime.Utc) =>
      remove(before, batch).pipe(
        Effect.tap(Effect.sleep(pause)),
        Effect.repeat({ while: (removed) => removed === batch })
      )

    const round = Effect.gen(function*() {
      const now = yield* DateTime.now
      const before = DateTime.subtractDuration(now, kept)
      yield* prune(repo.deliveries, before)
      yield* prune(repo.inboxEntries, before)
      yield* prune(repo.events, before)
      yield* prune(repo.groups, DateTime.subtractDuration(now, window))
      yield* prune(repo.answers, DateTime.subtractDuration(now, answersKept))
    })

    yield* round.pipe(
      Effect.catchAllDefect((defect) => Effect.logWarning("Could not prune what is old", defect)),
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.forkScoped
    )
  })
)
