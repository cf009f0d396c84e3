import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Intake } from "../../alerts/Intake.ts"
import { apiId } from "../../api/apiId.ts"
import { CurrentOrg } from "../../api/Org.ts"
import type { ServiceUnavailable, UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import { Integrations } from "../../services/Integrations.ts"
import { webhookIntake } from "../../services/webhookIntake.ts"
import { makeShared } from "../../upstream/shared.ts"
import { SentryGroup } from "./Api.ts"
import { sentry } from "./definition.ts"
import type { SentryIssuePage } from "./domain.ts"
import { Sentry } from "./Sentry.ts"
import { sentryWebhook } from "./webhook.ts"

export const SentryHttp = HttpApiBuilder.group(
  HttpApi.make(apiId).add(SentryGroup),
  "sentry",
  (handlers) =>
    Effect.gen(function*() {
      const vendor = yield* Sentry
      const connection = (yield* Integrations).connect(sentry)
      const { accept } = yield* Intake
      const receive = yield* webhookIntake({ webhook: sentryWebhook, connection, accept })
      const issues = yield* makeShared<SentryIssuePage, UpstreamFailed | UpstreamRejected | ServiceUnavailable>()

      return handlers
        .handle("issues", ({ urlParams: query }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            return yield* connection.read(org, issues, query, (config) => vendor.issues(config, query))
          }))
        .handleRaw("webhook", receive, { uninterruptible: true })
    })
)
