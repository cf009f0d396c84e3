import { Context, DateTime, type Duration, Effect, Layer, Metric, Option, Random } from "effect"
import { v7 as timeOrderedUuid } from "uuid"
import { agentChannel, type Destination } from "../domain/Delivery.ts"
import type { Accepted, IncomingEvent } from "../domain/Event.ts"
import type { OrgId } from "../domain/Ids.ts"
import { eventsAccepted } from "../observability/metrics.ts"
import { traced } from "../observability/traced.ts"
import { currentTraceparent } from "../observability/traceparent.ts"
import { AgentsRepo } from "../persistence/AgentsRepo.ts"
import { checked } from "../persistence/checked.ts"
import { EventRow, EventsRepo } from "../persistence/EventsRepo.ts"
import { Dispatch } from "./Dispatch.ts"
import { Inbox } from "./Inbox.ts"
import { Queue } from "./Queue.ts"
import { Routing } from "./Routing.ts"

/**
 * Takes events in. Once it has answered, the event, the agent's inbox entry and a delivery for each destination are on
 * disk, exactly once for each dedup key of an org: they are written in one transaction.
 */
export class Intake extends Context.Tag("alerts/Intake")<Intake, {
  /** `dedupFor` lets the same dedup key stand for another event after that time; by default it never does. */
  readonly accept: (
    orgId: OrgId,
    event: IncomingEvent,
    options?: { readonly dedupFor?: Duration.DurationInput }
  ) => Effect.Effect<Accepted>
}>() {}

/** Where incidents without a project go. */
const noProject = "default"

/** `agent-incident-` and six characters of `[a-z0-9]`. */
const newAgentId = Effect.map(
  Random.nextIntBetween(0, 36 ** 6),
  (drawn) => `agent-incident-${drawn.toString(36).padStart(6, "0")}`
)

/** Sorted by time, so that lists need no index of their own. */
const newEventId = Effect.sync(() => `evt-${timeOrderedUuid()}`)

interface Outcome {
  readonly accepted: Accepted
  readonly destinations: ReadonlyArray<Destination>
}

export const IntakeLive = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const events = yield* EventsRepo
    const agents = yield* AgentsRepo
    const routing = yield* Routing
    const queue = yield* Queue
    const dispatch = yield* Dispatch
    const inbox = yield* Inbox

    /** The first event with this dedup key, if it still stands for this one. */
    const known = Effect.fnUntraced(
      function*(orgId: OrgId, dedupKey: string, dedupFor: Duration.DurationInput | undefined) {
        const first = yield* events.find(orgId, dedupKey)
        if (Option.isNone(first) || dedupFor === undefined) return first
        const until = DateTime.addDuration(first.value.receivedAt, dedupFor)
        if (DateTime.lessThan(yield* DateTime.now, until)) return first
        yield* events.release(orgId, first.value.id)
        return Option.none()
      }
    )

    const repeat = (orgId: OrgId, { agentId, id }: { readonly id: string; readonly agentId: string | null }) =>
      Effect.map(events.deliveryCount(orgId, id), (deliveries): Outcome => ({
        accepted: { eventId: id, agentId, deliveries, repeated: true },
        destinations: []
      }))

    const store = Effect.fnUntraced(function*(
      orgId: OrgId,
      event: IncomingEvent,
      routes: Effect.Effect.Success<ReturnType<typeof routing.matching>>,
      dedupFor: Duration.DurationInput | undefined
    ) {
      const { forAgent, ...told } = event
      const first = yield* known(orgId, event.dedupKey, dedupFor)
      if (Option.isSome(first)) return yield* repeat(orgId, first.value)
      const now = yield* DateTime.now
      const agentId = forAgent
        ? yield* agents.assure(orgId, event.projectId ?? noProject, yield* newAgentId, now)
        : null
      const trace = yield* currentTraceparent
      const row = new EventRow({ ...told, orgId, id: yield* newEventId, agentId, receivedAt: now, trace }, checked)
      if (Option.isNone(yield* events.insert(row))) {
        // On PostgreSQL another process may have come first since the look-up: its row is the event.
        return yield* repeat(orgId, yield* Effect.flatMap(events.find(orgId, event.dedupKey), Effect.orDie))
      }
      const endpoint = agentId !== null && (yield* agents.give(orgId, agentId, row.id, now)).hasEndpoint
        ? [{ routeNumber: null, channel: agentChannel, channelId: agentId }]
        : []
      const targets = [
        ...routes.map(({ channel, channelId, number }) => ({ routeNumber: number, channel, channelId })),
        ...endpoint
      ]
      const queued = yield* queue.add(row, targets, now)
      const accepted = { eventId: row.id, agentId, deliveries: queued.length, repeated: false }
      return { accepted, destinations: queued } satisfies Outcome
    })

    const accept = Effect.fnUntraced(
      function*(
        orgId: OrgId,
        event: IncomingEvent,
        { dedupFor }: { readonly dedupFor?: Duration.DurationInput } = {}
      ) {
        // Before the transaction: the routes may be read in another one.
        const routes = yield* routing.matching(orgId, event)
        const { accepted, destinations } = yield* events.transaction(store(orgId, event, routes, dedupFor))
        if (accepted.agentId !== null && !accepted.repeated) yield* inbox.announce(orgId, accepted.agentId)
        yield* dispatch.wake(destinations)
        yield* Metric.increment(eventsAccepted(event.source, String(accepted.repeated)))
        return accepted
      },
      traced("Intake.accept"),
      Effect.uninterruptible
    )

    return { accept }
  })
)
