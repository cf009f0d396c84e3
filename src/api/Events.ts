import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { PostedEvent } from "../domain/PostedEvent.ts"
import { example } from "../domain/Text.ts"
import { Authentication } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { Idempotency } from "./Idempotency.ts"
import { JsonBody, OrgAccess } from "./Org.ts"
import { RateLimit } from "./RateLimit.ts"

const id = "evt-019d1132-6cb8-7b0e-9f6a-3c1f4f1d2a10"

export class EventsGroup extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.post("emit", "/api/events")
      .setPayload(PostedEvent)
      .addSuccess(
        Schema.Struct({
          id: Schema.String.annotations(example(id)),
          deliveries: Schema.Int.annotations({ description: "How many destinations it goes to" })
        }).annotations({ identifier: "EmittedEvent", description: "The event is stored and on its way" }),
        { status: 202 }
      )
      .addError(Errors.RequestInvalid)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Emit Event",
        description:
          "Stores an event of a tool or an agent, such as a deploy, and sends it to each destination whose " +
          "route matches. The same `dedupKey` within 24 hours gets the same answer and sends nothing. Events of one " +
          "`groupKey` that come in a burst are told together.",
        request: {
          type: "deploy.finished",
          title: "Deploy finished",
          projectId: "proj-001",
          severity: "info",
          url: "https://ci.acme.com/deploys/4711",
          body: "api-gateway v2.14.0 is live",
          dedupKey: "deploy-4711"
        },
        response: { id, deliveries: 1 }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Events")
  .annotate(OpenApi.Description, "Events of the organisation's own tools and agents.")
{}
