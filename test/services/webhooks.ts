import { Effect, Layer, Redacted } from "effect"
import { createHmac } from "node:crypto"
import type { OrgId } from "../../src/domain/Ids.ts"
import { WebhookFailuresRepo } from "../../src/persistence/WebhookFailuresRepo.ts"
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
    Layer.provideMerge(WebhookFailuresRepo.Default),
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

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const hmac = (secret: string, body: string | Uint8Array): Uint8Array =>
  createHmac("sha256", secret).update(body).digest()

export const redacted = (secrets: ReadonlyArray<string>) => secrets.map((secret) => Redacted.make(secret))

/** A delivery that was signed with this secret. */
export const signedWith = (secret: string, delivery: Partial<Omit<Delivery, "signatures">> = {}): Delivery => {
  const body = delivery.body ?? bytesOf(`{"action":"created"}`)
  return {
    integration: "sentry",
    named: undefined,
    installation: undefined,
    mayTry: Effect.void,
    ...delivery,
    body,
    signatures: [hmac(secret, body)]
  }
}

export const resolve = (delivery: Delivery) => Effect.flatMap(WebhookOrgs, (orgs) => orgs.resolve(delivery))

/** Why a delivery is refused: the error's tag. */
export const refusedAs = (delivery: Delivery) => Effect.map(Effect.flip(resolve(delivery)), ({ _tag }) => _tag)
