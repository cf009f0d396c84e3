import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { example } from "../domain/Text.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { FailureReason } from "../domain/WebhookFailure.ts"
import { vendors } from "../integrations/registry.ts"
import { Authentication } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { OrgAccess } from "./Org.ts"
import { Limit, query } from "./queries.ts"
import { RateLimit } from "./RateLimit.ts"

/** Who sends webhooks. */
export const WebhookSource = Schema.Literal(...vendors.map(({ id }) => id)).annotations({
  identifier: "WebhookSource",
  description: "Who sent it"
})

const id = "whf-019d1132-6cb8-7b0e-9f6a-3c1f4f1d2a10"

const WebhookFailure = Schema.Struct({
  id: Schema.String.annotations(example(id)),
  source: WebhookSource,
  reason: FailureReason,
  details: Schema.String.annotations({ description: "Why, in one line, without secrets" }),
  at: Timestamp
}).annotations({ identifier: "WebhookFailure", description: "A webhook that was not taken" })

const Cursor = Schema.String.pipe(
  Schema.pattern(/^whf-[0-9a-f-]{36}$/, { message: () => "expected what a list gave as next" })
).annotations({ description: "What the list before gave as `next`", ...example(id) })

export class WebhooksGroup extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.get("failures", "/api/webhooks/failures")
      .setUrlParams(query({
        source: Schema.optional(WebhookSource),
        limit: Limit,
        after: Schema.optional(Cursor)
      }))
      .addSuccess(
        Schema.Struct({
          failures: Schema.Array(WebhookFailure),
          next: Schema.NullOr(Schema.String).annotations({
            description: "What to pass as `after` for older ones; `null` where there are none"
          })
        })
      )
      .addError(Errors.RequestInvalid)
      .annotateContext(documented({
        summary: "List Webhook Failures",
        description: "Webhooks of the organisation that were refused, and why, newest first: the latest 100 of each " +
          "source are kept. Only those are listed that named the organisation with `?org=`, came from an " +
          "installation that is known to be its, or were signed with its secret.",
        response: {
          failures: [{
            id,
            source: "sentry",
            reason: "altered",
            details: "The signature is right for the body as compact JSON with \\u escapes: something on the way " +
              "writes bodies anew",
            at: "2026-03-21T14:05:00Z"
          }],
          next: null
        }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Webhooks")
  .annotate(OpenApi.Description, "What became of webhooks whose signature did not verify.")
{}
