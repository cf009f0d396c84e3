import type { Spread } from "./statistics.ts"

export type ServerName = "ours" | "baseline" | "bare"

/** How one server did in one scenario. */
export interface Measured {
  /** Answered requests, or delivered messages, a second. */
  readonly rate: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time of the server, in microseconds. */
  readonly cpuUsPerRequest: number
  readonly vendorCallsPerRequest: number
  /** The most vendor calls that were under way at once for one and the same read. */
  readonly mostAtOnce: number
  /** Resident, after the last round. */
  readonly rssMb: number
}

export interface ScenarioResult {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly servers: { readonly [Name in ServerName]?: Measured }
}

/** What is one number, measured several times. */
export interface Figure {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly ours: Spread
  readonly baseline?: Spread
}

export interface Results {
  readonly measuredAt: string
  readonly machine: string
  readonly node: string
  /** Processes that wanted a processor when it began, over the last minute: not far from none, or all of it is noise. */
  readonly loadAverage: number
  readonly quick: boolean
  readonly rounds: number
  readonly secondsEach: number
  readonly tookSeconds: number
  readonly scenarios: ReadonlyArray<ScenarioResult>
  readonly figures: ReadonlyArray<Figure>
}

export const ratio = (result: ScenarioResult, to: "baseline" | "bare"): number | undefined => {
  const { ours, [to]: other } = result.servers
  return ours === undefined || other === undefined ? undefined : ours.rate.median / other.rate.median
}
