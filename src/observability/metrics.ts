import { Metric, MetricBoundaries } from "effect"
import { labelled } from "./labelled.ts"

/*
 * Everything that is measured, by its name as `GET /metrics` shows it. Names and units follow Prometheus' conventions:
 * `_total` for counters, seconds. Label values come from small closed sets: an org's id, a URL or a text never is one.
 */

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

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

const histogram = (name: string, description: string) => Metric.histogram(name, durations, description)

/** Requests that were answered. `operation` as `channelRoutes.create`, or `none`; `code` of an error, or `ok`. */
export const requests = labelled(
  counter("http_requests_total", "Requests answered, by operation, HTTP status and error code"),
  "operation",
  "status",
  "code"
)

export const requestSeconds = labelled(
  histogram("http_request_duration_seconds", "From a request's arrival to its answer"),
  "operation"
)

/** One attempt each. `outcome` is `ok`, or the kind of the failure. */
export const vendorCalls = labelled(
  counter("vendor_calls_total", "HTTP calls to vendors, retries included, by outcome"),
  "vendor",
  "operation",
  "outcome"
)

export const vendorCallSeconds = labelled(
  histogram("vendor_call_duration_seconds", "How long vendors took to answer one call"),
  "vendor",
  "operation"
)

export const vendorRetries = labelled(
  counter("vendor_retries_total", "Calls to vendors that were made again after a failure"),
  "vendor",
  "operation"
)

/** Attempts at messages. `outcome` as the delivery log shows it. */
export const deliveryAttempts = labelled(
  counter("delivery_attempts_total", "Attempts to send a message, by channel and how they ended"),
  "channel",
  "outcome"
)

/** A folded delivery counts as well: it is delivered with another's message. */
export const deliveriesEnded = labelled(
  counter("deliveries_ended_total", "Deliveries that have ended, by channel and status: delivered, failed or dead"),
  "channel",
  "status"
)

export const eventsAccepted = labelled(
  counter("events_accepted_total", "Events taken in, by source; repeats are those that were known already"),
  "source",
  "repeated"
)

export const webhooksRefused = labelled(
  counter("webhooks_refused_total", "Webhooks that were not taken, by source and the signature doctor's reason"),
  "source",
  "reason"
)

/** Read from the database when somebody looks. */
export const deliveriesWaiting = labelled(
  Metric.gauge("deliveries_waiting", { description: "Deliveries that are not at their end, by channel" }),
  "channel"
)

export const oldestWaiting = labelled(
  Metric.gauge("deliveries_oldest_waiting_seconds", {
    description: "Age of the oldest delivery that is not at its end, by channel"
  }),
  "channel"
)
