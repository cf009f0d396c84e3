/** What a process has used since its start. */
export interface Usage {
  readonly cpuMs: number
  readonly heapBytes: number
  readonly rssBytes: number
}

/** Asks the probe for the usage. */
export const usageAsked = "usage"

/** The same, after a garbage collection. */
export const collects = "collect"
