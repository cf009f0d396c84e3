import { Effect } from "effect"

/**
 * A turn of the event loop. SQLite answers without one: whoever has much to ask keeps everybody else waiting, requests that
 * have to be answered within a second included.
 */
export const othersFirst = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
