import * as Domain from "../domain/Errors.ts"
import { publish } from "./wire.ts"

/*
 * The catalogue: every failure's documented code and status, once. Endpoints declare theirs from here, the server
 * answers through here, and the OpenAPI document and docs/errors.md show what stands here.
 */

export const OrgIdRequired = publish(Domain.OrgIdRequired, {
  code: "ORG_ID_REQUIRED",
  status: 400,
  description: "The x-org-id header is missing or blank",
  example: { error: "The x-org-id header is required" }
})

export const OrgIdInvalid = publish(Domain.OrgIdInvalid, {
  code: "ORG_ID_INVALID",
  status: 400,
  description: "The x-org-id header is malformed",
  example: {
    error: "The x-org-id header is not a valid organisation id",
    details: "x-org-id: expected 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
  }
})

export const Unauthorized = publish(Domain.Unauthorized, {
  code: "UNAUTHORIZED",
  status: 401,
  description: "With AUTH=tokens: no token, or one that is unknown, expired or revoked",
  example: { error: "A valid token is required", details: "authorization: expected Bearer and a token" }
})

export const Forbidden = publish(Domain.Forbidden, {
  code: "FORBIDDEN",
  status: 403,
  description: "With AUTH=tokens: the token is another organisation's, or lacks the scope",
  example: { error: "The token does not allow this", details: "The token lacks the scope write" }
})

export const RequestInvalid = publish(Domain.RequestInvalid, {
  code: "VALIDATION_ERROR",
  status: 400,
  description: "Path, query or body do not decode; details names each bad field and what was expected",
  example: { error: "The request is not valid", details: "limit: expected an integer from 1 to 100" }
})

export const IntegrationNotConfigured = publish(Domain.IntegrationNotConfigured, {
  code: "INTEGRATION_NOT_CONFIGURED",
  status: 400,
  description: "The organisation has not configured this integration",
  example: { error: "PagerDuty integration is not configured" }
})

export const UpstreamFailed = publish(Domain.UpstreamFailed, {
  code: "UPSTREAM_ERROR",
  status: 502,
  description: "The vendor failed, throttled us past the deadline or refused the credentials. " +
    "Retry-After says, in seconds, how long the vendor asked us to wait, or when we try one that is down again",
  example: { error: "Failed to fetch from Sentry API", details: "Request timeout after 10000ms" }
})

export const UpstreamRejected = publish(Domain.UpstreamRejected, {
  code: "UPSTREAM_REJECTED",
  status: 422,
  description: "The vendor understood the request and refused it; details are the vendor's own words. " +
    "Or its address, which the organisation has configured, is not allowed",
  example: { error: "Linear refused the request", details: "Entity not found: Team" }
})

export const IncidentNotFound = publish(Domain.IncidentNotFound, {
  code: "INCIDENT_NOT_FOUND",
  status: 404,
  description: "PagerDuty knows no such incident",
  example: { error: "Incident not found" }
})

export const IncidentResolved = publish(Domain.IncidentResolved, {
  code: "INCIDENT_RESOLVED",
  status: 409,
  description: "The incident is already resolved; it is never reopened",
  example: {
    error: "Incident is already resolved",
    details: "Acknowledging a resolved incident would reopen it, so it was left as it is"
  }
})

export const RouteNotFound = publish(Domain.RouteNotFound, {
  code: "ROUTE_NOT_FOUND",
  status: 404,
  description: "The organisation has no such route",
  example: { error: "Channel route not found" }
})

export const DeliveryNotFound = publish(Domain.DeliveryNotFound, {
  code: "DELIVERY_NOT_FOUND",
  status: 404,
  description: "The organisation has no such delivery",
  example: { error: "Delivery not found" }
})

export const AgentNotFound = publish(Domain.AgentNotFound, {
  code: "AGENT_NOT_FOUND",
  status: 404,
  description: "The organisation has no such incident agent",
  example: { error: "Incident agent not found" }
})

export const InvalidSignature = publish(Domain.InvalidSignature, {
  code: "INVALID_SIGNATURE",
  status: 401,
  description: "The signature is missing, malformed or wrong, or no secret is configured that could verify it",
  example: {
    error: "The webhook signature could not be verified",
    details: "sentry-hook-signature: the header is missing"
  }
})

export const IdempotencyConflict = publish(Domain.IdempotencyConflict, {
  code: "IDEMPOTENCY_CONFLICT",
  status: 409,
  description: "The Idempotency-Key was used before with another body",
  example: { error: "This Idempotency-Key was already used with another request body" }
})

export const PathNotFound = publish(Domain.PathNotFound, {
  code: "NOT_FOUND",
  status: 404,
  description: "Unknown path",
  example: { error: "No such path" }
})

export const MethodNotAllowed = publish(Domain.MethodNotAllowed, {
  code: "METHOD_NOT_ALLOWED",
  status: 405,
  description: "Known path, other method; the Allow header lists those it has",
  example: { error: "This path does not support the method", details: "Allowed: GET, POST" }
})

export const PayloadTooLarge = publish(Domain.PayloadTooLarge, {
  code: "PAYLOAD_TOO_LARGE",
  status: 413,
  description: "The body is over 1 MiB",
  example: { error: "The request body is too large", details: "The limit is 1048576 bytes" }
})

export const UnsupportedMediaType = publish(Domain.UnsupportedMediaType, {
  code: "UNSUPPORTED_MEDIA_TYPE",
  status: 415,
  description: "The body is not JSON",
  example: { error: "The request body must be JSON", details: "content-type: expected application/json" }
})

export const RateLimited = publish(Domain.RateLimited, {
  code: "RATE_LIMITED",
  status: 429,
  description: "The organisation's share of requests or webhooks is used up, or an address has failed too often. " +
    "Retry-After says when to come back",
  example: { error: "Too many requests", details: "The organisation may make 50 requests a second, 100 in a burst" }
})

export const ServiceUnavailable = publish(Domain.ServiceUnavailable, {
  code: "SERVICE_UNAVAILABLE",
  status: 503,
  description:
    "The database does not answer or cannot be written, as with a full disk; or too many requests, or too many of the " +
    "organisation's calls to a vendor, are under way. Retry-After says when to come back",
  example: { error: "The service cannot take the request now", details: "The database does not answer" }
})

export const InternalFailure = publish(Domain.InternalFailure, {
  code: "INTERNAL_ERROR",
  status: 500,
  description: "A bug of ours: logged with its cause under the request's x-request-id",
  example: { error: "Internal error" }
})
