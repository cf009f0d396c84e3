import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Channel } from "../channels/registry.ts"
import { ChannelId, EventPattern, ProjectId, RouteId } from "../domain/ChannelRoute.ts"
import { strictly } from "../domain/Integration.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { JsonBody, OrgAccess } from "./Org.ts"

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
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Channel Routing")
  .annotate(OpenApi.Description, "Which channel receives which events.")
{}
