/** Why a vendor counts as down. */
export interface Fault {
  readonly reason: "timeout" | "unreachable" | "unavailable"
  /** One line that may be shown. */
  readonly details: string
}

/** Calls go through. Nothing has to be kept of a breaker without failures. */
export interface Closed {
  readonly _tag: "Closed"
  /** In a row, the latest being the last call that ended. */
  readonly failures: number
}

/** Calls fail at once, but for one at a time from `retryAtMs` on, which tries the vendor out. */
export interface Open {
  readonly _tag: "Open"
  readonly fault: Fault
  readonly retryAtMs: number
  /** How often in a row the vendor was tried out in vain. */
  readonly trials: number
  /** Whether a call is trying it out now. */
  readonly trying: boolean
}

export type Breaker = Closed | Open

export const closed: Closed = { _tag: "Closed", failures: 0 }

/** One mishap, and the four tries of a read that end in one failure, are nothing to shut a vendor off for. */
export const tolerated = 5

const firstWaitMs = 5000
/** So long at most nobody notices that the vendor is back. */
export const longestWaitMs = 120_000

/** Doubles from trial to trial; up to half of it is taken off by `random` (0 to 1), so that orgs do not come in step. */
export const waitMs = (trials: number, random: number): number =>
  Math.ceil(Math.min(firstWaitMs * 2 ** Math.min(trials, 16), longestWaitMs) * (1 - random / 2))

/** What a call may do: go through, go through and so try the vendor out, or fail at once. */
export type Admission =
  | { readonly _tag: "Pass" }
  /** `trial` is what becomes of the breaker meanwhile. */
  | { readonly _tag: "Try"; readonly trial: Open }
  | { readonly _tag: "Refuse"; readonly open: Open }

export const admit = (breaker: Breaker, nowMs: number): Admission => {
  if (breaker._tag === "Closed") return { _tag: "Pass" }
  return breaker.trying || nowMs < breaker.retryAtMs
    ? { _tag: "Refuse", open: breaker }
    : { _tag: "Try", trial: { ...breaker, trying: true } }
}

/**
 * How a call ended: `answered` by the vendor, whatever it said; `failed` for want of an answer; `unknown` where the
 * vendor was not asked or nobody waited for what it said.
 */
export type Outcome =
  | { readonly _tag: "answered" }
  | { readonly _tag: "unknown" }
  | { readonly _tag: "failed"; readonly fault: Fault; readonly nowMs: number; readonly random: number }

/** What becomes of a breaker when a call has ended; `trial` if that call was to try the vendor out. */
export const after = (breaker: Breaker, outcome: Outcome, trial: Open | null): Breaker => {
  if (outcome._tag === "answered") return closed
  // An older call may have been answered meanwhile: the breaker is another one then, even if it opened again.
  const tried = breaker._tag === "Open" && breaker.trying && breaker.retryAtMs === trial?.retryAtMs
  if (outcome._tag === "unknown") return breaker._tag === "Open" && tried ? { ...breaker, trying: false } : breaker
  const { fault, nowMs, random } = outcome
  const open = (trials: number): Open => ({
    _tag: "Open",
    fault,
    retryAtMs: nowMs + waitMs(trials, random),
    trials,
    trying: false
  })
  if (breaker._tag === "Closed") {
    const failures = breaker.failures + 1
    return failures < tolerated ? { _tag: "Closed", failures } : open(0)
  }
  // Calls that began before it opened say nothing new.
  return tried ? open(breaker.trials + 1) : breaker
}
