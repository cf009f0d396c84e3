import { collects, type Usage, usageAsked } from "./usage.ts"

/** Loaded into each server before its own program: tells over IPC what the process has used. */
process.on("message", (message) => {
  if (message !== usageAsked && message !== collects) return
  if (message === collects) globalThis.gc?.()
  const { system, user } = process.cpuUsage()
  const { heapUsed, rss } = process.memoryUsage()
  process.send?.({ cpuMs: (user + system) / 1000, heapBytes: heapUsed, rssBytes: rss } satisfies Usage)
})
// A server whose benchmark is gone has nobody to end it.
process.on("disconnect", () => process.exit())
process.channel?.unref()
