import { DateTime, Effect, Layer } from "effect"
import { Inbox } from "../../src/alerts/Inbox.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { EventRow, EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { acme, Memory } from "../fakes/Storage.ts"

/** Tables in memory, and the inbox's own. */
export const Tables = Layer.provideMerge(InboxRepo.Default, Memory)

/** An agent of an organisation, with an empty inbox unless it is there already. */
export const agent = (id: string, orgId = acme) =>
  Effect.flatMap(AgentsRepo, (repo) =>
    Effect.flatMap(
      DateTime.now,
      (now) => repo.assure(orgId, `project of ${id}`, id, now)
    ))

/** Puts an event into an agent's inbox without telling anybody, as another process does. */
export const arriveElsewhere = (agentId: string, eventId: string, changes: Partial<EventRow> = {}, orgId = acme) =>
  Effect.gen(function*() {
    const events = yield* EventsRepo
    const agents = yield* AgentsRepo
    const now = yield* DateTime.now
    const event = new EventRow({
      orgId,
      id: eventId,
      source: "sentry",
      type: "sentry.issue.created",
      dedupKey: eventId,
      projectId: "proj-001",
      agentId,
      title: "TypeError",
      text: null,
      url: "https://sentry.test/issues/1",
      severity: "error",
      state: "open",
      groupKey: null,
      body: `{"data":{"event":"${eventId}"}}`,
      dataPath: "data",
      occurredAt: DateTime.unsafeMake("2026-03-21T14:00:00.5Z"),
      receivedAt: now,
      ...changes
    })
    yield* events.transaction(Effect.zipRight(events.insert(event), agents.give(orgId, agentId, event.id, now)))
    return event
  })

/** The same with the announcement that follows it. */
export const arrive = (agentId: string, eventId: string, changes: Partial<EventRow> = {}, orgId: OrgId = acme) =>
  Effect.tap(
    arriveElsewhere(agentId, eventId, changes, orgId),
    () => Effect.flatMap(Inbox, (inbox) => inbox.announce(orgId, agentId))
  )
