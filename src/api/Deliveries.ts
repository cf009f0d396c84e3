import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { channels } from "../channels/registry.ts"
import { RouteId, routeNumber } from "../domain/ChannelRoute.ts"
import { agentChannel, AttemptOutcome, DeliveryStatus } from "../domain/Delivery.ts"
import { optionally, strictly } from "../domain/Integration.ts"
import { example } from "../domain/Text.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { Authentication } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { Idempotency, OneTransaction } from "./Idempotency.ts"
import { JsonBody, OrgAccess } from "./Org.ts"
import { Limit, query, VendorId } from "./queries.ts"
import { RateLimit } from "./RateLimit.ts"

const delivery = {
  id: "dlv-019d1132-6cb9-7f31-8c55-0d4b8f6e7a21",
  eventId: "evt-019d1132-6cb8-7b0e-9f6a-3c1f4f1d2a10",
  eventType: "sentry.issue.created",
  routeId: "route-003",
  channel: "slack",
  channelId: "C0ERRORS",
  status: "delivered",
  attemptCount: 2,
  nextAttemptAt: null,
  lastError: null,
  createdAt: "2026-03-21T14:15:00Z",
  deliveredAt: "2026-03-21T14:15:02Z"
}

/** The documentation's example of one that waits. */
export const waiting = { ...delivery, status: "pending", attemptCount: 0, deliveredAt: null }

const DeliveryId = Schema.String.annotations({
  identifier: "DeliveryId",
  description: "The delivery's id; ids are in the order in which deliveries were made",
  ...example(delivery.id)
})

export const Delivery = Schema.Struct({
  id: DeliveryId,
  eventId: Schema.String.annotations(example(delivery.eventId)),
  eventType: Schema.String.annotations(example(delivery.eventType)),
  routeId: Schema.NullOr(RouteId).annotations({ description: "`null` for an agent's endpoint" }),
  channel: Schema.String.annotations({ description: "Channel type, or `agent` for an agent's endpoint" }),
  channelId: Schema.String.annotations({ description: "The channel as its own service names it, or the agent's id" }),
  status: DeliveryStatus,
  attemptCount: Schema.Int,
  nextAttemptAt: Schema.NullOr(Timestamp).annotations({
    description: "`null` while it is next in turn, once it has ended, and while its integration cannot be used"
  }),
  lastError: Schema.NullOr(Schema.String).annotations({ description: "Why the last attempt failed, or why it waits" }),
  createdAt: Timestamp,
  deliveredAt: Schema.NullOr(Timestamp)
}).annotations({ identifier: "Delivery", description: "One event on its way to one destination" })
export type Delivery = typeof Delivery.Type

const Attempt = Schema.Struct({
  at: Timestamp,
  outcome: AttemptOutcome,
  error: Schema.NullOr(Schema.String),
  latencyMs: Schema.Int
}).annotations({ identifier: "DeliveryAttempt", description: "One try at sending it" })

const statuses = DeliveryStatus.literals

/** `failed,dead` ↔ the statuses themselves. */
const Statuses = Schema.transform(
  Schema.String.pipe(
    Schema.filter((text) => text.split(",").every(Schema.is(DeliveryStatus)), {
      message: () => `expected a comma-separated subset of ${statuses.join(", ")}`
    })
  ),
  Schema.Array(DeliveryStatus),
  {
    strict: true,
    decode: (text) => [...new Set(text.split(","))].filter(Schema.is(DeliveryStatus)),
    encode: (list) => list.join(",")
  }
).annotations({
  jsonSchema: {
    type: "string",
    pattern: `^(${statuses.join("|")})(,(${statuses.join("|")}))*$`,
    description: "Comma-separated statuses"
  }
})

const OfRoute = RouteId.pipe(
  Schema.filter((id) => routeNumber(id) !== null, { message: () => "expected a route's id, as route-001" })
)
const OfEvent = VendorId("Only deliveries of this event", delivery.eventId)

const Cursor = Schema.String.pipe(
  Schema.pattern(/^dlv-[0-9a-f-]{36}$/, { message: () => "expected what a list gave as next" })
).annotations({ description: "What the list before gave as `next`", ...example(delivery.id) })

/** What may be sent again. What was delivered is so only one by one. */
const Retryable = Schema.Literal("failed", "dead", "pending")

export const RetryFilter = Schema.Struct({
  status: optionally(
    Schema.Union(Retryable, Schema.NonEmptyArray(Retryable)).annotations({
      message: () => ({ message: "expected failed, dead or pending, or a list of these", override: true }),
      description: "`failed` and `dead` when left out"
    })
  ),
  routeId: optionally(OfRoute),
  eventId: optionally(OfEvent),
  channel: optionally(
    Schema.Literal(...channels.map(({ id }) => id), agentChannel).annotations({
      description: "Channel type, or `agent` for agents' endpoints"
    })
  )
}).annotations({
  identifier: "RetryFilter",
  description: "Which deliveries to send again: those that every field fits",
  parseOptions: strictly
})

const id = HttpApiSchema.param("id", DeliveryId)

export class DeliveriesGroup extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/api/deliveries")
      .setUrlParams(query({
        status: Schema.optional(Statuses),
        routeId: Schema.optional(OfRoute),
        eventId: Schema.optional(OfEvent),
        limit: Limit,
        after: Schema.optional(Cursor)
      }))
      .addSuccess(Schema.Struct({
        deliveries: Schema.Array(Delivery),
        next: Schema.NullOr(Schema.String).annotations({
          description: "What to pass as `after` for older ones; `null` where there are none"
        })
      }))
      .addError(Errors.RequestInvalid)
      .annotateContext(documented({
        summary: "List Deliveries",
        description: "What the organisation's routes have sent and have still to send, newest first. A `pending` one " +
          "with a `lastError` and no `nextAttemptAt` waits until its integration is configured anew.",
        response: { deliveries: [delivery], next: null }
      }))
  )
  .add(
    HttpApiEndpoint.get("show")`/api/deliveries/${id}`
      .addSuccess(
        Schema.Struct({ ...Delivery.fields, attempts: Schema.Array(Attempt) })
          .annotations({ identifier: "DeliveryDetail", description: "A delivery and what was tried, oldest first" })
      )
      .addError(Errors.DeliveryNotFound)
      .annotateContext(documented({
        summary: "Show Delivery",
        description: "One delivery with every attempt at it: when, how it ended, why, and how long the answer took. " +
          "One that was told with a later message of its group has no attempt of its own.",
        response: {
          ...delivery,
          attempts: [
            { at: "2026-03-21T14:15:00Z", outcome: "failed", error: "Slack answered 503", latencyMs: 212 },
            { at: "2026-03-21T14:15:02Z", outcome: "delivered", error: null, latencyMs: 187 }
          ]
        }
      }))
  )
  .add(
    HttpApiEndpoint.post("retry")`/api/deliveries/${id}/retry`
      .addSuccess(Delivery)
      .addError(Errors.DeliveryNotFound)
      .annotate(OneTransaction, true)
      .middleware(Idempotency)
      .annotateContext(documented({
        summary: "Retry Delivery",
        description: "Puts the delivery into its destination's queue again, with another 24 hours to succeed. One " +
          "that was delivered is sent once more; one that is being sent now is left alone.",
        response: { ...waiting, attemptCount: 7, lastError: "Slack answered 503" }
      }))
  )
  .add(
    HttpApiEndpoint.post("retryAll", "/api/deliveries/retry")
      .setPayload(RetryFilter)
      .addSuccess(
        Schema.Struct({ retried: Schema.Int }).annotations({
          identifier: "Retried",
          description: "How many were put into their queues again"
        })
      )
      .addError(Errors.RequestInvalid)
      .middleware(Idempotency)
      .middleware(JsonBody)
      .annotateContext(documented({
        summary: "Retry Deliveries",
        description: "Does so for all deliveries that fit the filter, in batches; with `{}` for all that have failed " +
          "or were given up.",
        request: { status: "dead", channel: "slack" },
        response: { retried: 42 }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Deliveries")
  .annotate(OpenApi.Description, "What was sent where, what was not and why.")
{}
