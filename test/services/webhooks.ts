import { Effect, Layer, Redacted } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { SyncLog } from "../../src/services/SyncLog.ts"
import { type Delivery, WebhookOrgs, WebhookOrgsLive } from "../../src/services/WebhookOrgs.ts"
import { environment, EphemeralVault, Memory } from "../fakes/Storage.ts"

/** `WebhookOrgs` over a database in memory, as an operator would set it up. */
export const webhookOrgs = (variables: Readonly<Record<string, string>> = {}) =>
  Layer.orDie(WebhookOrgsLive).pipe(
    Layer.provide(environment(variables)),
    Layer.provideMerge(Integrations.Default),
    Layer.provide(SyncLog.Default),
    Layer.provideMerge(EphemeralVault),
    Layer.provideMerge(Memory)
  )

export interface Secrets {
  readonly webhookSecret?: string
  readonly webhookSecretPrevious?: string
  readonly installationId?: string
}

export const configure = (orgId: OrgId, secrets: Secrets, integration = "sentry") =>
  Effect.flatMap(
    Integrations,
    (integrations) => integrations.configure(orgId, integration, { authToken: "t", organization: "acme", ...secrets })
  )

/** A delivery that was signed with this secret. */
export const signedWith = (secret: string, delivery: Partial<Omit<Delivery, "signedWith">> = {}): Delivery => ({
  integration: "sentry",
  named: undefined,
  installation: undefined,
  ...delivery,
  signedWith: (tried) => Redacted.value(tried) === secret
})

export const resolve = (delivery: Delivery) => Effect.flatMap(WebhookOrgs, (orgs) => orgs.resolve(delivery))

/** Why a delivery is refused: the error's tag. */
export const refusedAs = (delivery: Delivery) => Effect.map(Effect.flip(resolve(delivery)), ({ _tag }) => _tag)
