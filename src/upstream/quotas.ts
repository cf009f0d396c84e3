import { Context, DateTime, Duration } from "effect"
import type { Quota } from "../domain/Quota.ts"
import { type Answer, numericHeader } from "./Dialect.ts"

/** Is told what vendors say of their quotas, whatever else they answer. Whoever knows whose call it is provides it. */
export class QuotasHeard extends Context.Reference<QuotasHeard>()("upstream/QuotasHeard", {
  defaultValue: () => (_quotas: ReadonlyArray<Quota>): void => {}
}) {}

/** No vendor has a window that is longer: what says so is no time. */
const longest = Duration.toMillis("366 days")

/** The quota that two headers tell of, if both are there and make sense. */
export const quotaIn = (answer: Answer, told: {
  readonly unit: Quota["unit"]
  readonly limit: string
  readonly remaining: string
  /** In epoch milliseconds. */
  readonly resetsAtMs: number | undefined
}): ReadonlyArray<Quota> => {
  const limit = numericHeader(answer, told.limit)
  const remaining = numericHeader(answer, told.remaining)
  if (limit === undefined || remaining === undefined || limit <= 0) return []
  const { resetsAtMs, unit } = told
  const resetsAt = resetsAtMs !== undefined && Math.abs(resetsAtMs - answer.nowMs) <= longest
    ? DateTime.unsafeMake(resetsAtMs)
    : null
  return [{ unit, limit, remaining: Math.max(0, remaining), resetsAt }]
}
