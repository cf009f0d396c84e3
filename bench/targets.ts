/** What a scenario has to reach. All are of the same run on the same machine. */
export type Target =
  & { readonly scenario: string; readonly why?: string }
  & (
    | {
      readonly _tag: "Ratio"
      readonly to: "baseline" | "bare"
      readonly atLeast: number
      /** What it was last on a quiet machine, where that is less. */
      readonly reached?: number
    }
    /** To our own rate in another scenario. */
    | { readonly _tag: "Kept"; readonly of: string; readonly atLeast: number }
    | { readonly _tag: "Rate"; readonly atLeast: number }
    | { readonly _tag: "P99"; readonly belowMs: number }
    /** The most calls under way at once for one and the same read. */
    | { readonly _tag: "AtOnce"; readonly atMost: number }
    /** Of a single figure, in its own unit. */
    | { readonly _tag: "Below"; readonly value: number }
  )

export const targets: ReadonlyArray<Target> = [
  { scenario: "routes-10", _tag: "Ratio", to: "bare", atLeast: 0.8, reached: 0.3 },
  { scenario: "routes-1000", _tag: "Ratio", to: "bare", atLeast: 0.8, reached: 0.23 },
  { scenario: "status", _tag: "Ratio", to: "bare", atLeast: 0.8, reached: 0.33 },
  { scenario: "pagerduty-distinct", _tag: "Ratio", to: "baseline", atLeast: 0.9, reached: 0.08 },
  { scenario: "linear-distinct", _tag: "Ratio", to: "baseline", atLeast: 0.9, reached: 0.08 },
  { scenario: "sentry-distinct", _tag: "Ratio", to: "baseline", atLeast: 0.9, reached: 0.08 },
  { scenario: "pagerduty-hot", _tag: "Ratio", to: "baseline", atLeast: 2, reached: 0.35 },
  { scenario: "pagerduty-hot", _tag: "AtOnce", atMost: 1 },
  { scenario: "linear-hot", _tag: "Ratio", to: "baseline", atLeast: 2, reached: 0.35 },
  { scenario: "linear-hot", _tag: "AtOnce", atMost: 1 },
  { scenario: "sentry-hot", _tag: "Ratio", to: "baseline", atLeast: 2, reached: 0.35 },
  { scenario: "sentry-hot", _tag: "AtOnce", atMost: 1 },
  { scenario: "webhook-32", _tag: "Ratio", to: "baseline", atLeast: 0.6 },
  { scenario: "webhook-32", _tag: "Rate", atLeast: 2000 },
  { scenario: "webhook-32", _tag: "P99", belowMs: 50 },
  { scenario: "webhook-32-history", _tag: "Kept", of: "webhook-32", atLeast: 0.9 },
  { scenario: "drain", _tag: "Rate", atLeast: 1000 },
  { scenario: "start-up", _tag: "Below", value: 1500 },
  { scenario: "idle-memory", _tag: "Below", value: 150 },
  // Heap after a collection: a leak of 100 bytes a request would be 15 MB.
  { scenario: "memory-growth", _tag: "Below", value: 5 }
]
