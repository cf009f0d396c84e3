import type { HttpServerRequest } from "@effect/platform"
import { DateTime, Effect, Option, Schema } from "effect"
import { InvalidSignature } from "../domain/Errors.ts"
import type { Accepted, IncomingEvent } from "../domain/Event.ts"
import { OrgId } from "../domain/Ids.ts"
import { traced } from "../observability/traced.ts"
import type { Connection } from "./Integrations.ts"
import { ProvenOrg } from "./ProvenOrg.ts"
import { RateLimits } from "./RateLimits.ts"
import { WebhookFailures } from "./WebhookFailures.ts"
import { WebhookOrgs } from "./WebhookOrgs.ts"
import type { Received } from "./webhookPayload.ts"

type Headers = Readonly<Record<string, string | undefined>>

/** What sets one vendor's webhooks apart from another's. */
export interface Webhook<Config, Payload> {
  /** The integration's id. */
  readonly source: string
  /** The header with the signature, and what it has to look like. */
  readonly header: string
  readonly expected: string
  readonly signatures: (header: string) => ReadonlyArray<Uint8Array>
  /** The vendor's own id of the sending installation, where it has one. Read from a body that is not verified yet. */
  readonly installation?: (body: Uint8Array) => string | undefined
  /** Only for a body that is verified. */
  readonly read: (body: Uint8Array) => Received<Payload>
  /** Why a delivery that verifies is refused for when it was signed. */
  readonly stale?: (received: Received<Payload>, now: DateTime.Utc) => string | undefined
  /** Total: any verified body gives an event. */
  readonly event: (received: Received<Payload>, context: EventContext<Config>) => IncomingEvent
}

export interface EventContext<Config> {
  readonly config: Config
  /** By lower-case name. Not signed. */
  readonly headers: Headers
  readonly now: DateTime.Utc
}

/** A webhook as it comes in over HTTP. */
export interface Delivered {
  readonly request: HttpServerRequest.HttpServerRequest
  /** `org` as sent. */
  readonly urlParams: { readonly org?: string | undefined }
}

const decodeOrg = Schema.decodeUnknownOption(OrgId)

/** Takes one vendor's webhooks in: from the bytes that came to the answer. */
export const webhookIntake = <Config, Payload, E>({ accept, connection, webhook }: {
  readonly webhook: Webhook<Config, Payload>
  readonly connection: Connection<Config>
  readonly accept: (orgId: OrgId, event: IncomingEvent) => Effect.Effect<Accepted, E>
}) =>
  Effect.gen(function*() {
    const orgs = yield* WebhookOrgs
    const failures = yield* WebhookFailures
    const limits = yield* RateLimits
    const { expected, header, source } = webhook

    /** What was sent, once it is known who sent it. */
    const verified = Effect.fnUntraced(function*({ request, urlParams }: Delivered) {
      const headers: Headers = request.headers
      const named = urlParams.org ?? headers["x-org-id"]
      const refuse = (reason: "missing" | "malformed", what: string) =>
        failures.refuse({
          source,
          reason,
          details: `${header}: ${what}`,
          orgId: Option.getOrUndefined(decodeOrg(named))
        })

      const signature = headers[header]
      if (signature === undefined) return yield* refuse("missing", "the header is missing")
      const signatures = webhook.signatures(signature)
      if (signatures.length === 0) return yield* refuse("malformed", `the header is malformed, expected ${expected}`)

      // Once: a second read never ends.
      const body = new Uint8Array(yield* Effect.orDie(request.arrayBuffer))
      const orgId = yield* orgs.resolve({
        integration: source,
        named,
        installation: named === undefined ? webhook.installation?.(body) : undefined,
        body,
        signatures,
        mayTry: limits.signatures.mayTry(request.remoteAddress)
      })
      ;(yield* ProvenOrg)(orgId)
      const received = webhook.read(body)
      const now = yield* DateTime.now
      const stale = webhook.stale?.(received, now)
      if (stale !== undefined) return yield* failures.refuse({ source, reason: "stale", details: stale, orgId })
      return { orgId, received, headers, now }
    })

    return Effect.fnUntraced(function*(delivered: Delivered) {
      const { headers, now, orgId, received } = yield* Effect.tapErrorTag(
        verified(delivered),
        "InvalidSignature",
        () => limits.signatures.count(delivered.request.remoteAddress)
      )
      // Only now: what does not verify takes nothing of an organisation's share.
      yield* limits.webhook(orgId)
      const { config } = yield* Effect.catchTag(connection.open(orgId), "IntegrationNotConfigured", () =>
        new InvalidSignature({ details: `${header}: the integration was forgotten meanwhile` }))
      const { agentId } = yield* accept(orgId, webhook.event(received, { config, headers, now }))
      return { received: true as const, routed: agentId !== null, agentId }
    }, traced("webhookIntake"))
  })
