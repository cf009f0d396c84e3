import { SqlClient } from "@effect/sql"
import { DateTime, Effect, Layer, TestClock } from "effect"
import { randomUUID } from "node:crypto"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { asNobody, configure, credentials, Faked, newOrg } from "./service.ts"

/** Before anything runs: what ticks every few seconds would tick through every second of a later leap. */
const Now = Layer.effectDiscard(
  TestClock.setTime(DateTime.toEpochMillis(DateTime.unsafeMake("2026-01-01T00:00:00Z")))
)

/** The service at a time at which the fact sheet's vectors are fresh. */
export const FakedNow = Faked().pipe(Layer.provide(Now))

export type Vendor = keyof typeof signatureHeaders
export const vendors: ReadonlyArray<Vendor> = ["sentry", "pagerduty", "linear"]

export const path = (vendor: Vendor) => `/api/webhooks/${vendor}`

/** Configures one more secret, or other ones. */
export const configureSecrets = (orgId: string, vendor: Vendor, secrets: object) =>
  configure(orgId, { ...credentials[vendor], config: { ...credentials[vendor].config, ...secrets } })

/** A new organisation whose webhooks are signed with its own secret. */
export const signer = (vendor: Vendor) =>
  Effect.gen(function*() {
    const orgId = yield* newOrg
    const secret = `s3cr3t-${randomUUID()}`
    yield* configureSecrets(orgId, vendor, { webhookSecret: secret })
    return { orgId, secret }
  })

interface Around {
  readonly headers?: Record<string, string>
  readonly search?: string
  readonly chunked?: boolean
}

export const post = (vendor: Vendor, body: string | Uint8Array, { headers = {}, search = "", ...sent }: Around = {}) =>
  asNobody("POST", path(vendor) + search, { ...sent, body, headers })

/** Signed with the secret, over the very bytes. */
export const deliver = (vendor: Vendor, secret: string, body: string | Uint8Array, around: Around = {}) =>
  post(vendor, body, { ...around, headers: { ...signatureHeaders[vendor](secret, body), ...around.headers } })

export const eventsOf = (orgId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`SELECT source, type, body, agent_id FROM events WHERE org_id = ${orgId} ORDER BY received_at, id`
  )
