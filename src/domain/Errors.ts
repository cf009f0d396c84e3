import { Schema } from "effect"
import { Scope } from "./Token.ts"

/*
 * Every failure that a caller can meet, as a fact. The sentence that callers read is `message`, the one line of
 * explanation is `details`. Which code and HTTP status a failure has is said in api/errors.ts, not here.
 * No field holds a secret, a URL that may hold one, or a raw cause: what is here may be shown.
 */

export class OrgIdRequired extends Schema.TaggedError<OrgIdRequired>()("OrgIdRequired", {}) {
  override get message() {
    return "The x-org-id header is required"
  }
}

export class OrgIdInvalid extends Schema.TaggedError<OrgIdInvalid>()("OrgIdInvalid", {}) {
  override get message() {
    return "The x-org-id header is not a valid organisation id"
  }
  get details() {
    return "x-org-id: expected 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
  }
}

/** No token, or one that is good for nothing. Which of them is in the log only: a stranger learns nothing from it. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  reason: Schema.Literal("missing", "refused")
}) {
  override get message() {
    return "A valid token is required"
  }
  get details() {
    return this.reason === "missing"
      ? "authorization: expected Bearer and a token"
      : "The token is unknown, expired or revoked"
  }
}

/** The token is good, but not for this. `scope` is the one that it lacks; without it the organisation is another's. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { scope: Schema.optional(Scope) }) {
  override get message() {
    return "The token does not allow this"
  }
  get details() {
    return this.scope === undefined
      ? "x-org-id: the token is for another organisation"
      : `The token lacks the scope ${this.scope}`
  }
}

/** The request does not decode. `problems` name a field and what was expected there, never the value that was sent. */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid>()("RequestInvalid", {
  problems: Schema.NonEmptyArray(Schema.String)
}) {
  override get message() {
    return "The request is not valid"
  }
  get details() {
    return this.problems.join("; ")
  }
}

/** `integration` is the display name: the sentence is the document's own. */
export class IntegrationNotConfigured
  extends Schema.TaggedError<IntegrationNotConfigured>()("IntegrationNotConfigured", { integration: Schema.String })
{
  override get message() {
    return `${this.integration} integration is not configured`
  }
}

/** A vendor could not be used: it failed, throttled us past the deadline, or refused our credentials. */
export class UpstreamFailed extends Schema.TaggedError<UpstreamFailed>()("UpstreamFailed", {
  vendor: Schema.String,
  reason: Schema.Literal("timeout", "unreachable", "throttled", "credentials", "unavailable", "unreadable"),
  details: Schema.String,
  /** How long the vendor asked us to stay away, in milliseconds. */
  retryAfterMs: Schema.optional(Schema.NonNegative)
}) {
  override get message() {
    return `Failed to fetch from ${this.vendor} API`
  }
}

/** The vendor understood the request and refused it. `details` are the vendor's own words. */
export class UpstreamRejected extends Schema.TaggedError<UpstreamRejected>()("UpstreamRejected", {
  vendor: Schema.String,
  details: Schema.String
}) {
  override get message() {
    return `${this.vendor} refused the request`
  }
}

export class IncidentNotFound extends Schema.TaggedError<IncidentNotFound>()("IncidentNotFound", {}) {
  override get message() {
    return "Incident not found"
  }
}

export class IncidentResolved extends Schema.TaggedError<IncidentResolved>()("IncidentResolved", {}) {
  override get message() {
    return "Incident is already resolved"
  }
  get details() {
    return "Acknowledging a resolved incident would reopen it, so it was left as it is"
  }
}

export class RouteNotFound extends Schema.TaggedError<RouteNotFound>()("RouteNotFound", {}) {
  override get message() {
    return "Channel route not found"
  }
}

export class DeliveryNotFound extends Schema.TaggedError<DeliveryNotFound>()("DeliveryNotFound", {}) {
  override get message() {
    return "Delivery not found"
  }
}

export class AgentNotFound extends Schema.TaggedError<AgentNotFound>()("AgentNotFound", {}) {
  override get message() {
    return "Incident agent not found"
  }
}

/** A webhook whose sender could not be verified. The reason is for the operator of the sending side. */
export class InvalidSignature
  extends Schema.TaggedError<InvalidSignature>()("InvalidSignature", { details: Schema.String })
{
  override get message() {
    return "The webhook signature could not be verified"
  }
}

/** An `Idempotency-Key` was used before with another body. */
export class IdempotencyConflict extends Schema.TaggedError<IdempotencyConflict>()("IdempotencyConflict", {}) {
  override get message() {
    return "This Idempotency-Key was already used with another request body"
  }
}

export class PathNotFound extends Schema.TaggedError<PathNotFound>()("PathNotFound", {}) {
  override get message() {
    return "No such path"
  }
}

export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allowed: Schema.Array(Schema.String)
}) {
  override get message() {
    return "This path does not support the method"
  }
  get details() {
    return `Allowed: ${this.allowed.join(", ")}`
  }
}

export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  limitBytes: Schema.Int
}) {
  override get message() {
    return "The request body is too large"
  }
  get details() {
    return `The limit is ${this.limitBytes} bytes`
  }
}

export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {}) {
  override get message() {
    return "The request body must be JSON"
  }
  get details() {
    return "content-type: expected application/json"
  }
}

/** Somebody asks faster than they may. `details` say whose share is used up. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  details: Schema.String,
  /** When there is room for one more, in milliseconds. */
  retryAfterMs: Schema.NonNegative
}) {
  override get message() {
    return "Too many requests"
  }
}

export class ServiceUnavailable extends Schema.TaggedError<ServiceUnavailable>()("ServiceUnavailable", {
  details: Schema.String,
  retryAfterMs: Schema.optional(Schema.NonNegative)
}) {
  override get message() {
    return "The service cannot take the request now"
  }
}

/** A bug of ours. Its cause is in the log under the request id, never in the answer. */
export class InternalFailure extends Schema.TaggedError<InternalFailure>()("InternalFailure", {}) {
  override get message() {
    return "Internal error"
  }
}
