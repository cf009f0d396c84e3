import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** A turn of the event loop, since what a WeakRef was asked for in one is kept for the rest of it, and a collection. */
export const collected = Effect.async<void>((resume) =>
  void setImmediate(() => {
    setFlagsFromString("--expose-gc")
    runInNewContext("gc")()
    resume(Effect.void)
  })
)

/** The heap in use after a collection, in bytes. */
export const heapUsed = Effect.map(collected, () => process.memoryUsage().heapUsed)
