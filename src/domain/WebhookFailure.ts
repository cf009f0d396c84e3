import { Schema } from "effect"
import type { OrgId } from "./Ids.ts"

/** Why a webhook was not taken. */
export const FailureReason = Schema.Literal("missing", "malformed", "wrong-secret", "altered", "no-secret", "stale")
  .annotations({
    identifier: "FailureReason",
    description: "`missing`, `malformed`: the signature's header; `wrong-secret`: no configured secret made it; " +
      "`altered`: made with a configured secret, over the body in another form; `no-secret`: none is configured; " +
      "`stale`: signed too long ago, or in the future"
  })
export type FailureReason = typeof FailureReason.Type

/** A webhook that was not taken. Nothing here comes from its body, its signature or a secret. */
export interface WebhookFailure {
  /** The integration's id. */
  readonly source: string
  readonly reason: FailureReason
  /** One line for the operator of either side. */
  readonly details: string
  /** Whose webhook it would have been, as far as that is known; it may be an org that has configured nothing. */
  readonly orgId: OrgId | undefined
}

/** How many are kept for each org and source. */
export const keptFailures = 100
