import { Schema } from "effect"
import { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"

/**
 * Why one call to a vendor did not give what was asked for. Adapters look at `kind` to tell, say, an unknown incident
 * from a broken vendor; what they do not handle leaves through `published`.
 */
export class VendorFailure extends Schema.TaggedError<VendorFailure>()("VendorFailure", {
  vendor: Schema.String,
  kind: Schema.Literal(
    /** The deadline passed. */
    "timeout",
    /** No connection, or it was cut. */
    "unreachable",
    /** Too many requests, in the vendor's own way of saying so. */
    "throttled",
    /** The credentials were refused. */
    "credentials",
    /** The vendor says that the fault is its own. */
    "unavailable",
    /** The answer is not what the vendor documents. */
    "unreadable",
    /** The vendor knows no such thing. */
    "missing",
    /** The thing is not in a state that allows it. */
    "conflict",
    /** Understood and refused. */
    "rejected"
  ),
  /** One line that may be shown: no URL, no secret. */
  details: Schema.String,
  /** How long the vendor asks us to wait, in milliseconds. */
  retryAfterMs: Schema.optional(Schema.NonNegative),
  /** True where the call surely had no effect, so that even a write may be repeated. */
  harmless: Schema.optionalWith(Schema.Boolean, { default: () => false })
}) {
  override get message() {
    return `${this.vendor}: ${this.details}`
  }

  /** Whether the same call may succeed later. */
  get transient(): boolean {
    return this.kind === "unreachable" || this.kind === "throttled" || this.kind === "unavailable"
  }
}

/** The failure as callers of the API see it. */
export const published = (failure: VendorFailure): UpstreamFailed | UpstreamRejected => {
  const { details, kind, retryAfterMs, vendor } = failure
  switch (kind) {
    case "missing":
    case "conflict":
    case "rejected":
      return new UpstreamRejected({ vendor, details })
    default:
      return new UpstreamFailed({ vendor, reason: kind, details, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
}
