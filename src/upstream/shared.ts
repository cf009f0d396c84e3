import { Effect, Fiber } from "effect"

/** Runs an effect, or joins the one that already runs under the same key. */
export type Shared<A, E> = (key: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** One run, and how many wait for it. */
interface Run<A, E> {
  readonly fiber: Fiber.RuntimeFiber<A, E>
  readers: number
}

/**
 * Lets identical concurrent reads share one run. The run belongs to all who wait for it: it goes on when the first
 * of them hangs up and is interrupted when the last one has. Nothing is kept once it has ended.
 *
 * Its own map of fibers: `RcMap` does the same, with a scope and its finalizers for each read, which most reads share
 * with nobody.
 */
export const makeShared = <A, E>() =>
  Effect.map(Effect.scope, (scope): Shared<A, E> => {
    const running = new Map<string, Run<A, E>>()

    const begin = (key: string, effect: Effect.Effect<A, E>) =>
      Effect.map(Effect.forkIn(Effect.interruptible(effect), scope), (fiber) => {
        const run: Run<A, E> = { fiber, readers: 0 }
        running.set(key, run)
        fiber.addObserver(() => running.get(key) === run && running.delete(key))
        return run
      })

    return (key, effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          Effect.suspend(() => {
            const run = running.get(key)
            return run === undefined ? begin(key, effect) : Effect.succeed(run)
          }),
          (run) => {
            run.readers++
            const leave = Effect.suspend(() => {
              run.readers--
              if (run.readers > 0) return Effect.void
              // Whoever comes now begins anew.
              if (running.get(key) === run) running.delete(key)
              return Effect.asVoid(Fiber.interrupt(run.fiber))
            })
            return Effect.flatten(Effect.onInterrupt(restore(Fiber.await(run.fiber)), () => leave))
          }
        )
      )
  })
