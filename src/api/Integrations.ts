import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Masked } from "../domain/Integration.ts"
import { QuotaUnit } from "../domain/Quota.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { integrations } from "../integrations/registry.ts"
import { Audited } from "./Audited.ts"
import { Authentication, RequiredScope } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { Idempotency } from "./Idempotency.ts"
import { JsonBody, OrgAccess } from "./Org.ts"
import { query } from "./queries.ts"
import { RateLimit } from "./RateLimit.ts"

export const IntegrationId = Schema.Literal(...integrations.map(({ id }) => id)).annotations({
  identifier: "IntegrationId",
  description: "Integration id"
})
export type IntegrationId = typeof IntegrationId.Type

/** `active`: configured. `inactive`: not. `error`: the vendor refused the credentials at the last call. */
export const Status = Schema.Literal("active", "inactive", "error").annotations({
  identifier: "IntegrationStatus",
  description: "active: configured; inactive: not; error: the vendor refused the credentials at the last call"
})

const lastSync = Schema.NullOr(Timestamp).annotations({ description: "The last successful call to the vendor" })

export const ConfigureRequest = Schema.Union(...integrations.map(({ Configure }) => Configure)).annotations({
  identifier: "ConfigureRequest",
  description: "Integration id and its whole config: what is left out is forgotten"
})
export type ConfigureRequest = typeof ConfigureRequest.Type

const Budget = Schema.Struct({
  unit: QuotaUnit.annotations({ description: "Calls, or what the vendor reckons that they cost it" }),
  limit: Schema.Number.annotations({ description: "How much the vendor allows until the reset" }),
  remaining: Schema.Number.annotations({ description: "How much of it was left" }),
  resetsAt: Schema.NullOr(Timestamp).annotations({
    description: "When the whole limit is there again, if it is known"
  }),
  asOf: Timestamp.annotations({ description: "The answer of the vendor that said so" })
}).annotations({ identifier: "VendorBudget", description: "What a vendor still allowed when it last answered" })

const id = HttpApiSchema.param("id", IntegrationId)

export class IntegrationsGroup extends HttpApiGroup.make("integrations")
  .add(
    HttpApiEndpoint.get("status", "/api/integrations/status")
      .addSuccess(Schema.Struct({
        integrations: Schema.Array(
          Schema.Struct({ id: IntegrationId, configured: Schema.Boolean, status: Status, lastSync })
            .annotations({ identifier: "IntegrationSummary", description: "How one integration stands" })
        )
      }))
      .annotateContext(documented({
        summary: "Integration Status",
        description: "Which integrations are configured and active. PagerDuty, Linear, Sentry and Slack are always " +
          "listed, the other channels once they are configured.",
        response: {
          integrations: [
            { id: "pagerduty", configured: true, status: "active", lastSync: "2026-03-21T14:00:00Z" },
            { id: "linear", configured: true, status: "active", lastSync: "2026-03-21T13:55:00Z" },
            { id: "sentry", configured: true, status: "active", lastSync: "2026-03-21T14:01:00Z" },
            { id: "slack", configured: false, status: "inactive", lastSync: null }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("configure", "/api/integrations/configure")
      .setUrlParams(query({
        verify: Schema.optionalWith(
          Schema.Literal("true", "false").annotations({
            description: "With `true`, ask the vendor whether the credentials are good and store nothing if not"
          }),
          { default: () => "false" as const }
        )
      }))
      .setPayload(ConfigureRequest)
      .addSuccess(
        Schema.Struct({ integration: IntegrationId, status: Status, configuredAt: Timestamp })
          .annotations({ identifier: "Configured", description: "The config is stored" })
      )
      .addError(Errors.RequestInvalid)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotate(RequiredScope, "admin")
      .annotateContext(documented({
        summary: "Configure Integration",
        description: "Sets the credentials and settings of an integration, replacing what was there.",
        request: { integration: "pagerduty", config: { apiKey: "u+abcdef1234567890", serviceId: "P1ABC2D" } },
        response: { integration: "pagerduty", status: "active", configuredAt: "2026-03-21T14:10:00Z" }
      }))
  )
  .add(
    HttpApiEndpoint.get("show")`/api/integrations/${id}`
      .annotate(Audited, true)
      .addSuccess(
        Schema.Struct({
          integration: IntegrationId,
          status: Status,
          lastSync,
          configuredAt: Timestamp,
          config: Masked,
          budget: Schema.Array(Budget)
        })
          .annotations({
            identifier: "ConfiguredIntegration",
            description: "A configured integration, its secrets masked"
          })
      )
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .annotate(RequiredScope, "admin")
      .annotateContext(documented({
        summary: "Show Integration",
        description:
          "The config of an integration. Secrets show their last four characters at most; `null` is unset. " +
          "`budget` is what the vendor still allows these credentials; empty where it does not tell, or has not been " +
          "called yet.",
        response: {
          integration: "pagerduty",
          status: "active",
          lastSync: "2026-03-21T14:00:00Z",
          configuredAt: "2026-03-21T14:10:00Z",
          config: {
            apiKey: "••••7890",
            serviceId: "P1ABC2D",
            escalationPolicyId: null,
            fromEmail: null,
            region: null,
            webhookSecret: null,
            webhookSecretPrevious: null
          },
          budget: [
            {
              unit: "requests",
              limit: 960,
              remaining: 958,
              resetsAt: "2026-03-21T14:01:00Z",
              asOf: "2026-03-21T14:00:00Z"
            }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.del("forget")`/api/integrations/${id}`
      .addSuccess(Schema.Struct({ integration: IntegrationId, deleted: Schema.Literal(true) }))
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .annotate(RequiredScope, "admin")
      .annotateContext(documented({
        summary: "Forget Integration",
        description: "Deletes the config and its credentials.",
        response: { integration: "pagerduty", deleted: true }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Integrations")
  .annotate(OpenApi.Description, "Credentials and status of the organisation's integrations.")
{}
