import { MetricBoundaries } from "effect"
import { counter, gauge, histogramOf } from "./named.ts"

/*
 * Everything that is measured, by its name as `GET /metrics` shows it. Names and units follow Prometheus' conventions:
 * `_total` for counters, seconds. Label values come from small closed sets: an org's id, a URL or a text never is one.
 */

/** Seconds from a millisecond to the longest that anything may take: a long poll's 30. */
const durations = MetricBoundaries.fromIterable([
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30
])

const histogram = histogramOf(durations)

/** Seconds that a vendor may have us wait: from a second to a day. */
const waits = MetricBoundaries.fromIterable([1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400])

/** Requests that were answered. `operation` as `channelRoutes.create`, or `none`; `code` of an error, or `ok`. */
export const requests = counter(
  "http_requests_total",
  "Requests answered, by operation, HTTP status and error code",
  "operation",
  "status",
  "code"
)

export const requestSeconds = histogram(
  "http_request_duration_seconds",
  "From a request's arrival to its answer",
  "operation"
)

/** One attempt each. `outcome` is `ok`, or the kind of the failure. */
export const vendorCalls = counter(
  "vendor_calls_total",
  "HTTP calls to vendors, retries included, by outcome",
  "vendor",
  "operation",
  "outcome"
)

export const vendorCallSeconds = histogram(
  "vendor_call_duration_seconds",
  "How long vendors took to answer one call",
  "vendor",
  "operation"
)

export const vendorRetries = counter(
  "vendor_retries_total",
  "Calls to vendors that were made again after a failure",
  "vendor",
  "operation"
)

/** Attempts at messages. `outcome` as the delivery log shows it. */
export const deliveryAttempts = counter(
  "delivery_attempts_total",
  "Attempts to send a message, by channel and how they ended",
  "channel",
  "outcome"
)

/** A folded delivery counts as well: it is delivered with another's message. */
export const deliveriesEnded = counter(
  "deliveries_ended_total",
  "Deliveries that have ended, by channel and status: delivered, failed or dead",
  "channel",
  "status"
)

export const eventsAccepted = counter(
  "events_accepted_total",
  "Events taken in, by source; repeats are those that were known already",
  "source",
  "repeated"
)

export const webhooksRefused = counter(
  "webhooks_refused_total",
  "Webhooks that were not taken, by source and the signature doctor's reason",
  "source",
  "reason"
)

/** Read from the database when somebody looks. */
export const deliveriesWaiting = gauge(
  "deliveries_waiting",
  "Deliveries that are not at their end, by channel",
  "channel"
)

export const oldestWaiting = gauge(
  "deliveries_oldest_waiting_seconds",
  "Age of the oldest delivery that is not at its end, by channel",
  "channel"
)

/** `limit` as `organisation_rate`, `ceiling`. */
export const requestsRefused = counter(
  "requests_refused_total",
  "Requests refused for going too fast or being too many, by the limit that refused them",
  "limit"
)

/** Why a vendor is not even asked. */
export const vendorCallsRefused = counter(
  "vendor_calls_refused_total",
  "Calls to vendors that were not made: a breaker is open, or too many are under way (ceiling)",
  "vendor",
  "reason"
)

/** `half_open`: a call tries the vendor out. */
export const breakerTransitions = counter(
  "vendor_breaker_transitions_total",
  "Breakers that changed their state, each for one organisation's calls to a vendor: open, half_open or closed",
  "vendor",
  "state"
)

export const breakersOpen = gauge(
  "vendor_breakers_open",
  "Organisations whose calls to a vendor fail at once now, because it does not answer them",
  "vendor"
)

/** `throttled`: the vendor refused a message; `rate`: it took one and said that the next has to wait. */
export const destinationWaits = histogramOf(waits)(
  "destination_wait_seconds",
  "How long vendors asked destinations of messages to wait, by why",
  "channel",
  "reason"
)

/** Of those that this process has heard of within the vendor's window, or a minute. */
export const budgetRemaining = gauge(
  "vendor_budget_remaining_ratio",
  "What is left of a vendor's rate limit, from 0 to 1, to the organisation that has least of it",
  "vendor",
  "unit"
)
