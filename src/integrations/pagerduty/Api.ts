import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Authentication } from "../../api/Caller.ts"
import { documented } from "../../api/documented.ts"
import * as Errors from "../../api/errors.ts"
import { Idempotency } from "../../api/Idempotency.ts"
import { JsonBody, OrgAccess } from "../../api/Org.ts"
import { Limit, query, VendorId } from "../../api/queries.ts"
import { RateLimit } from "../../api/RateLimit.ts"
import { anything, header, orgHeader, webhookEndpoint } from "../../api/webhookEndpoint.ts"
import { optionally, strictly } from "../../domain/Integration.ts"
import { Acknowledgement, IncidentPage, IncidentStatus, OnCall } from "./domain.ts"

const statuses = /^(triggered|acknowledged|resolved)(,(triggered|acknowledged|resolved))*$/

/** `triggered,acknowledged` ↔ the statuses themselves. */
const Statuses = Schema.transform(
  Schema.String.pipe(
    Schema.pattern(statuses, {
      message: () => "expected a comma-separated subset of triggered, acknowledged, resolved"
    })
  ),
  Schema.Array(IncidentStatus),
  {
    strict: true,
    decode: (text) => [...new Set(text.split(","))].filter(Schema.is(IncidentStatus)),
    encode: (list) => list.join(",")
  }
).annotations({
  jsonSchema: {
    type: "string",
    pattern: statuses.source,
    default: "triggered,acknowledged",
    description: "Comma-separated statuses"
  }
})

/** The body may also be empty, which is read as `null`. */
const Acknowledge = Schema.Struct({
  acknowledgedBy: optionally(VendorId("Who acknowledges; a note on the incident names it", "agent-proj-abc123"))
}).annotations({ identifier: "Acknowledge", description: "Who acknowledges", parseOptions: strictly })

const PagerDutyDelivery = Schema.Struct(
  {
    event: Schema.Struct({
      id: Schema.String,
      event_type: Schema.String.annotations({ description: "incident.triggered, service.updated, …" }),
      occurred_at: Schema.String,
      data: Schema.Record(anything).annotations({ description: "The incident, note or service" })
    }, anything)
  },
  anything
).annotations({ identifier: "PagerDutyDelivery", description: "A V3 webhook of PagerDuty" })

const incidentId = HttpApiSchema.param("id", VendorId("The incident's id", "P1INC001"))

export class PagerDutyGroup extends HttpApiGroup.make("pagerduty")
  .add(
    HttpApiEndpoint.get("oncall", "/api/integrations/pagerduty/oncall")
      .addSuccess(Schema.Struct({ oncall: Schema.NullOr(OnCall) }))
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "Get On-Call Schedule",
        description: "The current on-call user of the configured service, or else of the configured escalation " +
          "policy, or else of all: the lowest escalation level wins, then the earliest start. `null` when nobody " +
          "is on call.",
        response: {
          oncall: {
            userId: "PUSER123",
            name: "Fabiano Cruz",
            email: "fabiano@acme.com",
            escalationLevel: 1,
            since: "2026-03-21T08:00:00Z",
            until: "2026-03-22T08:00:00Z"
          }
        }
      }))
  )
  .add(
    HttpApiEndpoint.get("incidents", "/api/integrations/pagerduty/incidents")
      .setUrlParams(query({
        status: Schema.optionalWith(Statuses, { default: () => ["triggered", "acknowledged"] as const }),
        limit: Limit
      }))
      .addSuccess(IncidentPage)
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "List Incidents",
        description: "Open PagerDuty incidents of any age, newest first. `total` counts all that fit the filter.",
        response: {
          incidents: [{
            id: "P1INC001",
            title: "High error rate on /api/checkout",
            status: "triggered",
            urgency: "high",
            service: "api-gateway",
            createdAt: "2026-03-21T14:05:00Z",
            assignee: { name: "Fabiano Cruz", email: "fabiano@acme.com" }
          }],
          total: 1
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("acknowledge")`/api/integrations/pagerduty/incidents/${incidentId}/acknowledge`
      .setPayload(Schema.NullOr(Acknowledge))
      .addSuccess(Acknowledgement)
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.IncidentNotFound)
      .addError(Errors.IncidentResolved)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Acknowledge Incident",
        description: "Acknowledges an incident and, with `acknowledgedBy`, leaves a note that names it. Repeating it " +
          "answers with the first acknowledgement's time. A resolved incident is never reopened.",
        request: { acknowledgedBy: "agent-proj-abc123" },
        response: { id: "P1INC001", status: "acknowledged", acknowledgedAt: "2026-03-21T14:06:00Z" }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .add(
    webhookEndpoint({
      path: "/api/webhooks/pagerduty",
      summary: "PagerDuty Webhook",
      description:
        "Takes what PagerDuty tells of incidents and services. A delivery is stored before it is answered; " +
        "a repeat gets the first one's answer.",
      payload: PagerDutyDelivery,
      request: {
        event: {
          id: "5ac64822-4adc-4fda-ade0-410becf0de4f",
          event_type: "incident.triggered",
          occurred_at: "2026-03-21T14:05:00.169Z",
          data: {
            id: "P1INC001",
            type: "incident",
            title: "High error rate on /api/checkout",
            urgency: "high",
            html_url: "https://acme.pagerduty.com/incidents/P1INC001",
            service: { id: "P1ABC2D", summary: "api-gateway" }
          }
        }
      },
      response: { received: true, routed: true, agentId: "agent-incident-xyz789" }
    }).setHeaders(Schema.Struct({
      "x-pagerduty-signature": header(
        "`v1=` and the hex HMAC-SHA256 of the body under the subscription's secret, once for each valid secret; required"
      ),
      "x-webhook-id": header("PagerDuty's id of the delivery"),
      ...orgHeader
    }))
  )
  .annotate(OpenApi.Title, "PagerDuty")
  .annotate(OpenApi.Description, "On-call, incidents, acknowledgement, and the webhook that brings news of them.")
{}
