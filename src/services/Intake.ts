import { Context, DateTime, Effect, Layer, Option, Random } from "effect"
import { randomUUID } from "node:crypto"
import type { Accepted, IncomingEvent } from "../domain/Event.ts"
import type { OrgId } from "../domain/Ids.ts"
import { AgentsRepo } from "../persistence/AgentsRepo.ts"
import { EventRow, EventsRepo } from "../persistence/EventsRepo.ts"

/** Takes events in: once it has answered, the event is on disk, exactly once for each dedup key of an org. */
export class Intake extends Context.Tag("services/Intake")<Intake, {
  readonly accept: (orgId: OrgId, event: IncomingEvent) => Effect.Effect<Accepted>
}>() {}

/** Where incidents without a project go. */
const noProject = "default"

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

/** `agent-incident-` and six characters of `[a-z0-9]`. */
const newAgentId = Effect.map(
  Effect.replicateEffect(Random.nextIntBetween(0, alphabet.length), 6),
  (indices) => `agent-incident-${indices.map((index) => alphabet.charAt(index)).join("")}`
)

export const IntakeLive = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const events = yield* EventsRepo
    const agents = yield* AgentsRepo

    const accept = (orgId: OrgId, event: IncomingEvent) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const { body, dedupKey, forAgent, occurredAt, projectId, source, title, type } = event
        const known = yield* events.find(orgId, dedupKey)
        if (Option.isSome(known)) return { eventId: known.value.id, agentId: known.value.agentId, repeated: true }
        const agentId = forAgent ? yield* agents.assure(orgId, projectId ?? noProject, yield* newAgentId, now) : null
        const id = `evt-${randomUUID()}`
        const row = { orgId, id, source, type, dedupKey, projectId, agentId, title, body, occurredAt, receivedAt: now }
        const inserted = yield* events.insert(new EventRow(row))
        // On PostgreSQL another process may have come first since the look-up: its row is the event.
        const stored = Option.isSome(inserted)
          ? inserted.value
          : yield* Effect.flatMap(events.find(orgId, dedupKey), Effect.orDie)
        return { eventId: stored.id, agentId: stored.agentId, repeated: Option.isNone(inserted) }
      })

    return {
      accept: Effect.fn("Intake.accept")(
        (orgId: OrgId, event: IncomingEvent) => Effect.uninterruptible(events.transaction(accept(orgId, event)))
      )
    }
  })
)
