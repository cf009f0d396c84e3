import { Clock, DateTime, Duration, Effect, Either, Fiber, Metric, Option, Random } from "effect"
import type { Alert, Sent } from "../domain/Alert.ts"
import {
  type AttemptOutcome,
  attemptsWithin,
  backoffMs,
  type DeliveryStatus,
  lifetime,
  worst
} from "../domain/Delivery.ts"
import { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import { deliveriesEnded, deliveryAttempts, destinationWaits } from "../observability/metrics.ts"
import { continuing } from "../observability/traceparent.ts"
import { ChannelRoutesRepo } from "../persistence/ChannelRoutesRepo.ts"
import { checked } from "../persistence/checked.ts"
import { AttemptRow, DeliveriesRepo, type DeliveryRow, type Rows } from "../persistence/DeliveriesRepo.ts"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { type EventRow, EventsRepo } from "../persistence/EventsRepo.ts"
import { claimLasts, Fence } from "./Fence.ts"
import type { Line, Notification, Paused } from "./Notifier.ts"
import { Routing } from "./Routing.ts"
import { Turns } from "./Turns.ts"

/** A message tells what the last one is about. */
const lastOf = (rows: Rows): DeliveryRow => rows.at(-1) ?? rows[0]

const alertOf = (event: EventRow, rows: Rows): Alert => {
  const { occurredAt, projectId, source, state, text, title, type, url } = event
  return {
    eventType: type,
    severity: worst(rows.map(({ severity }) => severity)),
    state,
    title,
    text,
    url,
    projectId,
    source,
    occurredAt,
    folded: rows.length - 1,
    test: source === "test"
  }
}

const outcomeOf = (failure: UpstreamFailed | UpstreamRejected): AttemptOutcome => {
  if (failure instanceof UpstreamRejected) return "refused"
  return failure.reason === "credentials" || failure.reason === "throttled" ? failure.reason : "failed"
}

const outcomeOfResult = (result: Either.Either<Sent, UpstreamFailed | UpstreamRejected>): AttemptOutcome =>
  Either.match(result, { onLeft: outcomeOf, onRight: () => "delivered" })

const countEnded = (rows: Rows, status: DeliveryStatus) =>
  Metric.incrementBy(deliveriesEnded(rows[0].channel, status), rows.length)

/** A bug of ours must neither lose the delivery nor send it without end. */
const broken = (defect: unknown) =>
  Effect.zipRight(
    Effect.logError("A message could not be made or sent", defect),
    new UpstreamFailed({ vendor: "the channel's", reason: "unreadable", details: "Internal error" })
  )

/** Runs to its end, with its own timeouts, whatever happens to the caller, who is to be uninterruptible. */
const undisturbed = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDaemon(Effect.interruptible(effect)), Fiber.join)

/** No vendor asks for more after a message that it took; an odd answer is not to silence a channel for days. */
const longestPause = Duration.hours(1)

/** Sends messages and keeps account of how that went. */
export class Attempts extends Effect.Service<Attempts>()("alerts/Attempts", {
  effect: Effect.gen(function*() {
    const destinations = yield* DestinationsRepo
    const deliveries = yield* DeliveriesRepo
    const events = yield* EventsRepo
    const routes = yield* ChannelRoutesRepo
    const routing = yield* Routing
    const turns = yield* Turns
    const fence = yield* Fence

    /** Notes an attempt whose end nobody saw. */
    const noteInterrupted = (head: DeliveryRow, now: DateTime.Utc) =>
      head.status === "delivering"
        ? deliveries.note(
          new AttemptRow({
            orgId: head.orgId,
            deliveryId: head.id,
            number: head.attemptCount,
            at: now,
            outcome: "interrupted",
            error: "The service stopped before the answer came; the message may have arrived",
            latencyMs: 0
          }, checked)
        )
        : Effect.void

    /** After the attempt that the row does not know of yet. */
    const waitAfter = ({ attemptCount, retryUntil }: DeliveryRow, now: DateTime.Utc) => {
      const firstAt = DateTime.subtractDuration(retryUntil ?? DateTime.addDuration(now, lifetime), lifetime)
      const attempt = Math.min(attemptCount + 1, attemptsWithin(DateTime.distance(firstAt, now)))
      return Effect.map(Random.next, (random) => Math.ceil(backoffMs(attempt, random)))
    }

    /** A message whose end could not be noted is sent again later and later, too. */
    const claim = (head: DeliveryRow, now: DateTime.Utc) =>
      events.transaction(Effect.gen(function*() {
        if (!(yield* fence.owns(head))) return false
        yield* noteInterrupted(head, now)
        return yield* deliveries.claim(head, {
          retryUntil: DateTime.addDuration(now, lifetime),
          again: DateTime.add(now, { millis: yield* waitAfter(head, now) })
        })
      }))

    /** Nothing is sent there for so long, by the vendor's wish. */
    const quiet = (head: DeliveryRow, now: DateTime.Utc, waitMs: number, reason: "rate" | "throttled") =>
      Effect.zipRight(
        destinations.quiet(head, DateTime.add(now, { millis: waitMs })),
        Metric.update(destinationWaits(head.channel, reason), waitMs / 1000)
      )

    const arrived = Effect.fnUntraced(function*(rows: Rows, { movedTo, pauseMs }: Sent) {
      const now = yield* DateTime.now
      const [head] = rows
      yield* deliveries.delivered(rows, now)
      yield* countEnded(rows, "delivered")
      if (head.groupKey !== null) {
        const severity = worst(rows.map(({ severity }) => severity))
        yield* deliveries.tell(head, head.groupKey, now, { state: lastOf(rows).state, severity })
      }
      const pause = Math.min(Math.ceil(pauseMs), Duration.toMillis(longestPause))
      if (pause > 0) yield* quiet(head, now, pause, "rate")
      if (movedTo !== undefined) {
        yield* routes.move(head.orgId, head.channel, head.channelId, movedTo)
        yield* routing.changed(head.orgId)
      }
    })

    /** When to try again: not before the vendor said, and later from attempt to attempt. */
    const later = Effect.fnUntraced(function*(rows: Rows, failure: UpstreamFailed) {
      const now = yield* DateTime.now
      const [head, ...others] = rows
      const asked = Math.min(failure.retryAfterMs ?? 0, Duration.toMillis(lifetime))
      const wait = Math.max(yield* waitAfter(head, now), Math.ceil(asked))
      const nextAttemptAt = DateTime.add(now, { millis: wait })
      // The wait is the destination's: a delivery that somebody retries by hand has to keep to it too.
      if (failure.reason === "throttled") yield* quiet(head, now, wait, "throttled")
      const retryUntil = head.retryUntil ?? DateTime.addDuration(now, lifetime)
      if (DateTime.lessThan(now, retryUntil)) {
        return yield* deliveries.settle(head, { lastError: failure.details, nextAttemptAt, retryUntil })
      }
      // What was there at the first attempt has been tried for as long; what came later has a day of its own.
      const firstAt = DateTime.subtractDuration(retryUntil, lifetime)
      const asOld = others.filter(({ createdAt }) => DateTime.lessThanOrEqualTo(createdAt, firstAt))
      yield* deliveries.givenUp([head, ...asOld], failure.details)
      yield* countEnded([head, ...asOld], "dead")
    })

    const missed = (line: Line, rows: Rows, failure: UpstreamFailed | UpstreamRejected) => {
      if (failure instanceof UpstreamRejected) {
        return Effect.zipRight(deliveries.refused(rows, failure.details), countEnded(rows, "failed"))
      }
      if (failure.reason !== "credentials") return later(rows, failure)
      return pauseFor(rows, { config: line.config, details: failure.details })
    }

    /** They wait without end and without attempts until the integration has another config. */
    const pauseFor = ([head]: Rows, { config, details }: Pick<Paused, "config" | "details">) =>
      Effect.zipRight(
        deliveries.settle(head, { lastError: details, nextAttemptAt: null, retryUntil: null }),
        destinations.pause(head, config)
      )

    const putOff = Effect.fnUntraced(function*(rows: Rows, paused: Paused) {
      yield* noteInterrupted(rows[0], yield* DateTime.now)
      yield* pauseFor(rows, paused)
    })

    const record = (
      line: Line,
      rows: Rows,
      startedAt: DateTime.Utc,
      result: Either.Either<
        Sent,
        UpstreamFailed | UpstreamRejected
      >
    ) =>
      events.transaction(Effect.gen(function*() {
        const { attemptCount, id, orgId } = rows[0]
        yield* deliveries.note(
          new AttemptRow({
            orgId,
            deliveryId: id,
            number: attemptCount + 1,
            at: startedAt,
            outcome: outcomeOfResult(result),
            error: Either.match(result, { onLeft: ({ details }) => details, onRight: () => null }),
            latencyMs: Math.max(0, Math.round((yield* Clock.currentTimeMillis) - startedAt.epochMillis))
          }, checked)
        )
        yield* Either.match(result, {
          onLeft: (failure) => missed(line, rows, failure),
          onRight: (sent) => arrived(rows, sent)
        })
      }))

    const notificationOf = (rows: Rows) =>
      Effect.map(
        events.byId(rows[0].orgId, lastOf(rows).eventId),
        Option.map((event): Notification => ({
          deliveryId: rows.length === 1 ? rows[0].id : `${rows[0].id}+${rows.length - 1}`,
          alert: alertOf(event, rows),
          event
        }))
      )

    /** A process that was stopped after its claim may have lost the destination meanwhile. */
    const inTime = Effect.fnUntraced(function*(claimedAt: DateTime.Utc) {
      if (Duration.lessThanOrEqualTo(DateTime.distanceDuration(claimedAt, yield* DateTime.now), claimLasts)) return
      const details = "Not sent: the service was held up after it had taken the message"
      return yield* new UpstreamFailed({ vendor: "the channel's", reason: "unavailable", details })
    })

    const sendOver = (line: Line, rows: Rows, claimedAt: DateTime.Utc) =>
      Effect.flatMap(
        notificationOf(rows),
        Option.match({
          onNone: () => new UpstreamRejected({ vendor: "Retention", details: "The event is not kept any more" }),
          onSome: (notification) =>
            Effect.zipRight(inTime(claimedAt), line.send(notification)).pipe(
              continuing(notification.event.trace, "delivery.send", {
                kind: "producer",
                attributes: {
                  "org": rows[0].orgId,
                  "channel": rows[0].channel,
                  "delivery.id": rows[0].id,
                  "delivery.attempt": rows[0].attemptCount + 1,
                  "delivery.count": rows.length
                }
              })
            )
        })
      )

    /** One attempt at one message: from the claim to the record nothing interrupts it. */
    const make = Effect.fnUntraced(function*(line: Line, rows: Rows) {
      const claimedAt = yield* DateTime.now
      if (!(yield* turns.take(claim(rows[0], claimedAt)))) return
      const startedAt = yield* DateTime.now
      const result = yield* Effect.either(undisturbed(Effect.catchAllDefect(sendOver(line, rows, startedAt), broken)))
      yield* turns.take(record(line, rows, startedAt, result))
      yield* Metric.increment(deliveryAttempts(rows[0].channel, outcomeOfResult(result)))
    }, Effect.uninterruptible)

    return {
      make,
      putOff: (...args: Parameters<typeof putOff>) => turns.take(events.transaction(putOff(...args)))
    } as const
  }),
  dependencies: [Turns.Default]
}) {}
