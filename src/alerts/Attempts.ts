import { Clock, DateTime, Duration, Effect, Either, Fiber, Option, Random } from "effect"
import type { Alert, Sent } from "../domain/Alert.ts"
import { type AttemptOutcome, backoffMs, lifetime, worst } from "../domain/Delivery.ts"
import { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import { ChannelRoutesRepo } from "../persistence/ChannelRoutesRepo.ts"
import { AttemptRow, DeliveriesRepo, type DeliveryRow } from "../persistence/DeliveriesRepo.ts"
import { DestinationsRepo } from "../persistence/DestinationsRepo.ts"
import { type EventRow, EventsRepo } from "../persistence/EventsRepo.ts"
import type { Batch } from "./Batches.ts"
import type { Line, Notification, Paused } from "./Notifier.ts"
import { Routing } from "./Routing.ts"

const alertOf = (event: EventRow, rows: ReadonlyArray<DeliveryRow>): Alert => {
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

    /** Notes an attempt whose end nobody saw, and takes the next one. */
    const claim = (head: DeliveryRow, now: DateTime.Utc) =>
      events.transaction(Effect.gen(function*() {
        if (head.status === "delivering") {
          yield* deliveries.note(
            new AttemptRow({
              orgId: head.orgId,
              deliveryId: head.id,
              number: head.attemptCount,
              at: now,
              outcome: "interrupted",
              error: "The service stopped before the answer came; the message may have arrived",
              latencyMs: 0
            })
          )
        }
        return yield* deliveries.claim(head, DateTime.addDuration(now, lifetime))
      }))

    const arrived = Effect.fn("Attempts.arrived")(function*({ head, rows }: Batch, { movedTo, pauseMs }: Sent) {
      const now = yield* DateTime.now
      const last = rows.at(-1) ?? head
      yield* deliveries.delivered(head, last.number, now)
      if (head.groupKey !== null) {
        const severity = worst(rows.map(({ severity }) => severity))
        yield* deliveries.tell(head, head.groupKey, now, { state: last.state, severity })
      }
      const pause = Math.min(Math.ceil(pauseMs), Duration.toMillis(longestPause))
      if (pause > 0) yield* destinations.quiet(head, DateTime.add(now, { millis: pause }))
      if (movedTo !== undefined) {
        yield* routes.move(head.orgId, head.channel, head.channelId, movedTo)
        yield* routing.changed(head.orgId)
      }
    })

    /** When to try again: not before the vendor said, and later from attempt to attempt. */
    const later = Effect.fn("Attempts.later")(function*(head: DeliveryRow, failure: UpstreamFailed) {
      const now = yield* DateTime.now
      const asked = Math.min(failure.retryAfterMs ?? 0, Duration.toMillis(lifetime))
      const wait = Math.max(backoffMs(head.attemptCount + 1, yield* Random.next), asked)
      const nextAttemptAt = DateTime.add(now, { millis: Math.ceil(wait) })
      // The wait is the destination's: a delivery that somebody retries by hand has to keep to it too.
      if (failure.reason === "throttled") yield* destinations.quiet(head, nextAttemptAt)
      const retryUntil = head.retryUntil ?? DateTime.addDuration(now, lifetime)
      const dead = DateTime.greaterThanOrEqualTo(now, retryUntil)
      yield* deliveries.settle(head, {
        status: dead ? "dead" : "pending",
        lastError: failure.details,
        nextAttemptAt: dead ? null : nextAttemptAt,
        retryUntil
      })
    })

    const missed = (line: Line, { head, rows }: Batch, failure: UpstreamFailed | UpstreamRejected) => {
      if (failure instanceof UpstreamRejected) {
        return deliveries.refused(head, (rows.at(-1) ?? head).number, failure.details)
      }
      if (failure.reason !== "credentials") return later(head, failure)
      return putOff(head, { config: line.config, details: failure.details })
    }

    /** Waits without end and without attempts until the integration has another config. */
    const putOff = (head: DeliveryRow, { config, details }: Pick<Paused, "config" | "details">) =>
      Effect.zipRight(
        deliveries.settle(head, { status: "pending", lastError: details, nextAttemptAt: null, retryUntil: null }),
        destinations.pause(head, config)
      )

    const record = (
      line: Line,
      batch: Batch,
      startedAt: DateTime.Utc,
      result: Either.Either<
        Sent,
        UpstreamFailed | UpstreamRejected
      >
    ) =>
      events.transaction(Effect.gen(function*() {
        const { attemptCount, id, orgId } = batch.head
        yield* deliveries.note(
          new AttemptRow({
            orgId,
            deliveryId: id,
            number: attemptCount + 1,
            at: startedAt,
            outcome: Either.match(result, { onLeft: outcomeOf, onRight: () => "delivered" as const }),
            error: Either.match(result, { onLeft: ({ details }) => details, onRight: () => null }),
            latencyMs: Math.max(0, Math.round((yield* Clock.currentTimeMillis) - startedAt.epochMillis))
          })
        )
        yield* Either.match(result, {
          onLeft: (failure) => missed(line, batch, failure),
          onRight: (sent) => arrived(batch, sent)
        })
      }))

    const notificationOf = ({ head, rows }: Batch) =>
      Effect.map(
        events.byId(head.orgId, (rows.at(-1) ?? head).eventId),
        Option.map((event): Notification => ({
          deliveryId: rows.length === 1 ? head.id : `${head.id}+${rows.length - 1}`,
          alert: alertOf(event, rows),
          event
        }))
      )

    /** One attempt at one message: from the claim to the record nothing interrupts it. */
    const make = Effect.fn("Attempts.make")(function*(line: Line, batch: Batch) {
      const startedAt = yield* DateTime.now
      if (!(yield* claim(batch.head, startedAt))) return
      const notification = yield* notificationOf(batch)
      const sending = Option.match(notification, {
        onNone: () => new UpstreamRejected({ vendor: "Retention", details: "The event is not kept any more" }),
        onSome: (known) => Effect.suspend(() => line.send(known))
      })
      const result = yield* Effect.either(undisturbed(Effect.catchAllDefect(sending, broken)))
      yield* record(line, batch, startedAt, result)
    }, Effect.uninterruptible)

    return { make, putOff: (...args: Parameters<typeof putOff>) => events.transaction(putOff(...args)) } as const
  })
}) {}
