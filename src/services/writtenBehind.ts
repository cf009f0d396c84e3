import { Effect, Schedule } from "effect"

/**
 * Runs a write every five seconds, and once more when the scope closes. One that fails is logged and tried again with the
 * next: while the database is away it must neither end the writer nor keep the service from ending well.
 */
export const writtenBehind = (write: Effect.Effect<void>, failed: string) => {
  const tried = Effect.catchAllDefect(Effect.uninterruptible(write), (defect) => Effect.logWarning(failed, defect))
  return Effect.zipRight(
    Effect.forkScoped(Effect.repeat(tried, Schedule.spaced("5 seconds"))),
    Effect.addFinalizer(() => tried)
  )
}
