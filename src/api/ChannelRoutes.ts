import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Channel } from "../channels/registry.ts"
import { ChannelId, EventPattern, Miss, ProjectId, RouteId } from "../domain/ChannelRoute.ts"
import { optionally, strictly } from "../domain/Integration.ts"
import { EventType } from "../domain/PostedEvent.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { Audited } from "./Audited.ts"
import { Authentication, RequiredScope } from "./Caller.ts"
import { Delivery, waiting } from "./Deliveries.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { Idempotency, OneTransaction } from "./Idempotency.ts"
import { JsonBody, OrgAccess } from "./Org.ts"
import { RateLimit } from "./RateLimit.ts"

const fields = { eventType: EventPattern, channel: Channel, channelId: ChannelId }

/** A route as lists show it. `projectId` is `null` for a route that listens to every project. */
export const Route = Schema.Struct({
  id: RouteId,
  ...fields,
  projectId: Schema.NullOr(ProjectId),
  enabled: Schema.Boolean
}).annotations({ identifier: "Route", description: "Which events go to which channel" })
export type Route = typeof Route.Type

export const NewRoute = Schema.Struct({
  ...fields,
  projectId: Schema.optionalWith(ProjectId, { nullable: true })
}).annotations({ identifier: "NewRoute", description: "The route to create", parseOptions: strictly })

export const RouteChange = Schema.Struct({
  eventType: Schema.optional(EventPattern),
  channelId: Schema.optional(ChannelId),
  /** `null` makes the route listen to every project. */
  projectId: Schema.optional(Schema.NullOr(ProjectId)),
  enabled: Schema.optional(Schema.Boolean)
}).annotations({
  identifier: "RouteChange",
  description: "What to change; fields left out stay as they are, `projectId: null` widens the route to every project",
  parseOptions: strictly
})

export const PreviewedEvent = Schema.Struct({
  eventType: EventType,
  projectId: optionally(ProjectId.annotations({ description: "The event's project, if it has one" }))
}).annotations({ identifier: "PreviewedEvent", description: "The event to look at", parseOptions: strictly })

const RoutePreview = Schema.Struct({
  matches: Schema.Array(Route.pipe(Schema.omit("enabled"))),
  misses: Schema.Array(Schema.Struct({
    id: RouteId,
    eventType: EventPattern,
    reason: Miss.annotations({ description: "`same-destination`: an older route sends it there already" })
  }))
}).annotations({
  identifier: "RoutePreview",
  description: "Every route of the organisation, by what it does with the event, the oldest first"
})

const id = HttpApiSchema.param("id", RouteId)
const created = {
  id: "route-003",
  eventType: "sentry.*",
  channel: "slack",
  channelId: "C0ERRORS",
  projectId: "proj-001",
  enabled: true
}

export class ChannelRoutesGroup extends HttpApiGroup.make("channelRoutes")
  .add(
    HttpApiEndpoint.get("list", "/api/channel-routes")
      .addSuccess(Schema.Struct({ routes: Schema.Array(Route) }))
      .annotateContext(documented({
        summary: "List Routes",
        description: "The organisation's routes in the order in which they were created.",
        response: {
          routes: [
            { ...created, id: "route-001", eventType: "incident.*", channelId: "C0ALERTS" },
            { ...created, id: "route-002", eventType: "deploy.*", channelId: "C0DEPLOY" }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("create", "/api/channel-routes")
      .setPayload(NewRoute)
      .addSuccess(Schema.Struct({ ...Route.fields, createdAt: Timestamp }), { status: 201 })
      .addError(Errors.RequestInvalid)
      .annotate(OneTransaction, true)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Create Route",
        description: "Sends events whose type matches `eventType` to a channel. The channel's integration may be " +
          "configured later.",
        request: { eventType: "sentry.*", channel: "slack", channelId: "C0ERRORS", projectId: "proj-001" },
        response: { ...created, createdAt: "2026-03-21T14:15:00Z" }
      }))
  )
  .add(
    HttpApiEndpoint.patch("change")`/api/channel-routes/${id}`
      .setPayload(RouteChange)
      .addSuccess(Route)
      .addError(Errors.RequestInvalid)
      .addError(Errors.RouteNotFound)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Change Route",
        description: "Changes what a route listens to or where it sends, or switches it off and on.",
        request: { enabled: false },
        response: { ...created, enabled: false }
      }))
  )
  .add(
    HttpApiEndpoint.del("remove")`/api/channel-routes/${id}`
      .addSuccess(Schema.Struct({ id: RouteId, deleted: Schema.Literal(true) }))
      .addError(Errors.RouteNotFound)
      .annotateContext(documented({
        summary: "Delete Route",
        description: "Removes a route. Its id is never given to another route.",
        response: { id: "route-003", deleted: true }
      }))
  )
  .add(
    HttpApiEndpoint.post("preview", "/api/channel-routes/preview")
      .setPayload(PreviewedEvent)
      // Changes nothing.
      .annotate(Audited, false)
      .addSuccess(RoutePreview)
      .addError(Errors.RequestInvalid)
      .middleware(JsonBody)
      .annotate(RequiredScope, "read")
      .annotateContext(documented({
        summary: "Preview Routes",
        description: "Which routes would send an event, and why each other one would not. Sends nothing.",
        request: { eventType: "sentry.issue.created", projectId: "proj-001" },
        response: {
          matches: [
            {
              id: "route-003",
              eventType: "sentry.*",
              channel: "slack",
              channelId: "C0ERRORS",
              projectId: "proj-001"
            }
          ],
          misses: [
            { id: "route-001", eventType: "incident.*", reason: "event-type" },
            { id: "route-002", eventType: "deploy.*", reason: "event-type" }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("test")`/api/channel-routes/${id}/test`
      .addSuccess(Delivery)
      .addError(Errors.RouteNotFound)
      .annotate(OneTransaction, true)
      .middleware(Idempotency)
      .annotateContext(documented({
        summary: "Test Route",
        description: "Sends a message that is marked as a test to the route's channel, also when the route is " +
          "switched off, and answers with its delivery. How that went is in the delivery log.",
        response: { ...waiting, eventType: "route.test" }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Channel Routing")
  .annotate(OpenApi.Description, "Which channel receives which events.")
{}
