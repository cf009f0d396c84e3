import { Context, type Effect, type Redacted } from "effect"
import type { InvalidSignature, RequestInvalid } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"

export interface Delivery {
  /** The integration's id: whose configured secrets are tried. */
  readonly integration: string
  /** `?org=` or `x-org-id` as sent, not yet checked. */
  readonly named: string | undefined
  /** The vendor's own id of the sending installation, where it has one. */
  readonly installation: string | undefined
  /** Whether the delivery was signed with this secret. */
  readonly signedWith: (secret: Redacted.Redacted) => boolean
}

/** Finds out whose webhook it is: only an org whose own secret verifies the delivery. */
export class WebhookOrgs extends Context.Tag("services/WebhookOrgs")<WebhookOrgs, {
  /** `InvalidSignature` when no org's secret verifies it, `RequestInvalid` when several do or the named org is malformed. */
  readonly resolve: (delivery: Delivery) => Effect.Effect<OrgId, InvalidSignature | RequestInvalid>
}>() {}
