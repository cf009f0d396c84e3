import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Authentication } from "../../api/Caller.ts"
import { documented } from "../../api/documented.ts"
import * as Errors from "../../api/errors.ts"
import { OrgAccess } from "../../api/Org.ts"
import { Limit, query, VendorId } from "../../api/queries.ts"
import { RateLimit } from "../../api/RateLimit.ts"
import { anything, header, orgHeader, webhookEndpoint } from "../../api/webhookEndpoint.ts"
import { SentryIssuePage } from "./domain.ts"

const Query = Schema.optionalWith(
  Schema.String.pipe(Schema.maxLength(4096, { message: () => "expected 4096 characters at most" })).annotations({
    jsonSchema: {
      type: "string",
      maxLength: 4096,
      default: "is:unresolved",
      description: "Search in Sentry's own language; empty for every issue"
    }
  }),
  { default: () => "is:unresolved" }
)

/** For the OpenAPI document only: what verifies is taken, whatever its shape. */
const SentryDelivery = Schema.Struct(
  {
    action: Schema.String.annotations({ description: "created, triggered, critical, …" }),
    installation: Schema.optional(Schema.Struct({ uuid: Schema.String }, anything)),
    data: Schema.Record(anything).annotations({ description: "The issue, event, alert, error or comment" }),
    actor: Schema.optional(Schema.Record(anything))
  },
  anything
).annotations({ identifier: "SentryDelivery", description: "A webhook of Sentry's integration platform" })

export class SentryGroup extends HttpApiGroup.make("sentry")
  .add(
    HttpApiEndpoint.get("issues", "/api/observability/sentry")
      .setUrlParams(query({
        project: Schema.optional(VendorId("Sentry project slug; the configured project when left out", "api-gateway")),
        query: Query,
        limit: Limit
      }))
      .addSuccess(SentryIssuePage)
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "Get Sentry Issues",
        description: "Issues of the organization, or of one project, last seen first; unresolved ones unless the " +
          "query says otherwise.",
        response: {
          issues: [{
            id: "4812345",
            title: "TypeError: Cannot read property 'id' of undefined",
            culprit: "src/handlers/checkout.ts in processOrder",
            level: "error",
            count: 142,
            userCount: 38,
            firstSeen: "2026-03-20T09:00:00Z",
            lastSeen: "2026-03-21T14:01:00Z",
            permalink: "https://sentry.io/organizations/acme/issues/4812345/"
          }],
          total: 1
        }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .add(
    webhookEndpoint({
      path: "/api/webhooks/sentry",
      summary: "Sentry Webhook",
      description: "Takes Sentry's alerts and routes them to the project's incident agent. A delivery is stored " +
        "before it is answered; a repeat gets the first one's answer.",
      payload: SentryDelivery,
      request: {
        action: "created",
        data: {
          issue: {
            id: "4812345",
            title: "TypeError: Cannot read property id of undefined",
            project: { slug: "api-gateway" }
          }
        }
      },
      response: { received: true, routed: true, agentId: "agent-incident-xyz789" }
    }).setHeaders(Schema.Struct({
      "sentry-hook-signature": header("Hex HMAC-SHA256 of the body under the integration's client secret; required"),
      "sentry-hook-resource": header("issue, event_alert, …; told from the body's shape when left out"),
      ...orgHeader
    }))
  )
  .annotate(OpenApi.Title, "Sentry")
  .annotate(OpenApi.Description, "Issues, and the webhook that brings alerts.")
{}
