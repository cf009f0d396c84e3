import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { DateTime, Effect } from "effect"
import { apiId } from "../../api/apiId.ts"
import { CurrentOrg } from "../../api/Org.ts"
import { InvalidSignature, type UpstreamFailed, type UpstreamRejected } from "../../domain/Errors.ts"
import { Intake } from "../../alerts/Intake.ts"
import { Integrations } from "../../services/Integrations.ts"
import { WebhookOrgs } from "../../services/WebhookOrgs.ts"
import { isSignature, signs } from "../../services/webhookSignature.ts"
import { makeShared } from "../../upstream/shared.ts"
import { SentryGroup } from "./Api.ts"
import { sentry } from "./definition.ts"
import type { SentryIssuePage } from "./domain.ts"
import { Sentry } from "./Sentry.ts"
import { incomingEvent, installationOf, receive } from "./webhook.ts"

const refused = (why: string) => new InvalidSignature({ details: `sentry-hook-signature: ${why}` })

export const SentryHttp = HttpApiBuilder.group(
  HttpApi.make(apiId).add(SentryGroup),
  "sentry",
  (handlers) =>
    Effect.gen(function*() {
      const vendor = yield* Sentry
      const connection = (yield* Integrations).connect(sentry)
      const orgs = yield* WebhookOrgs
      const intake = yield* Intake
      const issues = yield* makeShared<SentryIssuePage, UpstreamFailed | UpstreamRejected>()

      return handlers
        .handle("issues", ({ urlParams: query }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            return yield* connection.read(org, issues, query, (config) => vendor.issues(config, query))
          }))
        .handleRaw("webhook", ({ headers, request, urlParams }) =>
          Effect.gen(function*() {
            const signature = headers["sentry-hook-signature"]
            if (signature === undefined) return yield* refused("the header is missing")
            if (!isSignature(signature)) return yield* refused("the header is malformed")
            // Once: a second read never ends.
            const delivery = receive(new Uint8Array(yield* Effect.orDie(request.arrayBuffer)))
            const org = yield* orgs.resolve({
              integration: sentry.id,
              named: urlParams.org ?? headers["x-org-id"],
              installation: installationOf(delivery),
              signedWith: (secret) => signs(secret, delivery.bytes, signature)
            })
            const { config } = yield* connection.open(org).pipe(
              Effect.catchTag("IntegrationNotConfigured", () => refused("the integration was forgotten meanwhile"))
            )
            const event = incomingEvent(delivery, {
              resource: headers["sentry-hook-resource"],
              projects: config.projects,
              now: yield* DateTime.now
            })
            const { agentId } = yield* intake.accept(org, event)
            return { received: true as const, routed: agentId !== null, agentId }
          }), { uninterruptible: true })
    })
)
