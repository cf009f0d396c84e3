import { type DateTime, Schema } from "effect"

/** What a vendor limits: calls, or what it reckons that they cost it. */
export const QuotaUnit = Schema.Literal("requests", "complexity")

/** How much a vendor still allows for some credentials, as it said with its last answer. */
export interface Quota {
  readonly unit: typeof QuotaUnit.Type
  readonly limit: number
  readonly remaining: number
  /** When it allows the whole limit again; `null` if it did not say. */
  readonly resetsAt: DateTime.Utc | null
}
