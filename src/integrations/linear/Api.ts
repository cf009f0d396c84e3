import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Authentication } from "../../api/Caller.ts"
import { documented } from "../../api/documented.ts"
import * as Errors from "../../api/errors.ts"
import { Idempotency, IdempotencyKeyText } from "../../api/Idempotency.ts"
import { JsonBody, OrgAccess } from "../../api/Org.ts"
import { Limit, query, VendorId } from "../../api/queries.ts"
import { RateLimit } from "../../api/RateLimit.ts"
import { anything, header, orgHeader, webhookEndpoint } from "../../api/webhookEndpoint.ts"
import { CreatedIssue, IssuePage, NewIssue, Team } from "./domain.ts"

const IdempotencyKey = IdempotencyKeyText.annotations({
  description: "Makes a repeat of the request answer with the issue that the first one created"
})

const LinearDelivery = Schema.Struct(
  {
    action: Schema.String.annotations({ description: "create, update, remove, …" }),
    type: Schema.String.annotations({ description: "Issue, Comment, Project, …" }),
    data: Schema.optional(Schema.Record(anything).annotations({ description: "The issue, comment or project" })),
    webhookTimestamp: Schema.optional(Schema.Number.annotations({ description: "When it was signed, in milliseconds" }))
  },
  anything
).annotations({ identifier: "LinearDelivery", description: "A webhook of Linear" })

export class LinearGroup extends HttpApiGroup.make("linear")
  .add(
    HttpApiEndpoint.get("teams", "/api/integrations/linear/teams")
      .addSuccess(Schema.Struct({ teams: Schema.Array(Team) }))
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "List Teams",
        description: "All Linear teams that the API key can see.",
        response: {
          teams: [
            { id: "team-eng", name: "Engineering", key: "ENG", issueCount: 142 },
            { id: "team-platform", name: "Platform", key: "PLT", issueCount: 87 }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.get("issues", "/api/integrations/linear/issues")
      .setUrlParams(query({
        team: Schema.optional(
          VendorId("Filter by team: its id or its key; the configured team by default", "team-eng")
        ),
        status: Schema.optional(VendorId("Filter by status, whatever its case", "In Progress")),
        assignee: Schema.optional(VendorId("Filter by assignee id", "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c02")),
        limit: Limit
      }))
      .addSuccess(IssuePage)
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "List Issues",
        description: "Linear issues that are not archived and fit the filters, the newest first.",
        response: {
          issues: [{
            id: "ENG-347",
            title: "Add rate limiting to public API",
            status: "In Progress",
            priority: 2,
            assignee: { name: "Maria Silva" },
            labels: ["backend", "security"],
            createdAt: "2026-03-19T10:00:00Z"
          }],
          total: 1
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("create", "/api/integrations/linear/issues")
      .setHeaders(Schema.Struct({ "idempotency-key": Schema.optional(IdempotencyKey) }))
      .setPayload(NewIssue)
      .addSuccess(CreatedIssue, { status: 201 })
      .addError(Errors.RequestInvalid)
      .addError(Errors.IntegrationNotConfigured)
      .addError(Errors.UpstreamRejected)
      .addError(Errors.UpstreamFailed)
      .addError(Errors.ServiceUnavailable)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Create Issue",
        description: "Creates a Linear issue. Labels are found by name among the team's and the workspace's, and " +
          "created in the team where they are missing. With an `Idempotency-Key` a repeat answers with the same issue.",
        request: {
          title: "Investigate flaky test in auth module",
          teamId: "team-eng",
          description: "Test `auth.spec.ts:42` has failed 3 times in the last 24h.",
          priority: 3,
          labels: ["bug", "flaky-test"]
        },
        response: {
          id: "ENG-348",
          title: "Investigate flaky test in auth module",
          status: "Todo",
          url: "https://linear.app/acme/issue/ENG-348"
        }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .add(
    webhookEndpoint({
      path: "/api/webhooks/linear",
      summary: "Linear Webhook",
      description:
        "Takes what happens in Linear, for channel routes: no incident agent gets it. A delivery is stored " +
        "before it is answered; a repeat gets the first one's answer.",
      payload: LinearDelivery,
      request: {
        action: "create",
        type: "Issue",
        data: {
          id: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
          identifier: "ENG-348",
          title: "Investigate flaky test in auth module",
          priority: 3,
          team: { key: "ENG" }
        },
        url: "https://linear.app/acme/issue/ENG-348",
        webhookTimestamp: 1774101900000
      },
      response: { received: true, routed: false, agentId: null }
    }).setHeaders(Schema.Struct({
      "linear-signature": header("Hex HMAC-SHA256 of the body under the webhook's secret; required"),
      ...orgHeader
    }))
  )
  .annotate(OpenApi.Title, "Linear")
  .annotate(OpenApi.Description, "Teams, issues, and the webhook that brings news of them.")
{}
