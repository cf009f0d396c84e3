import { DateTime, Duration, Effect, Fiber, Layer, Option, TestClock } from "effect"
import { Inbox, type Reading } from "../../src/alerts/Inbox.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { EventRow, EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { acme, Memory } from "../fakes/Storage.ts"
import { turns } from "../fakes/turns.ts"

/** Tables in memory, and the inbox's own. */
export const Tables = Layer.provideMerge(InboxRepo.Default, Memory)

/** The inbox over them. */
export const Live = Layer.provideMerge(Inbox.Default, Tables)

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

export const read = (agentId: string, reading: Partial<Reading> = {}, orgId = acme) =>
  Effect.flatMap(
    Inbox,
    (inbox) => inbox.read(orgId, agentId, { after: null, limit: 25, wait: Duration.zero, ...reading })
  )

/** The events that a page holds, and where it ends. */
export const page = (...args: Parameters<typeof read>) =>
  Effect.map(read(...args), ({ incidents, next }) => [incidents.map(({ eventId }) => eventId), next] as const)

export const wait = Duration.seconds(30)

/** A reader that waits by now. */
export const reader = (...args: Parameters<typeof read>) =>
  Effect.tap(Effect.fork(page(...args)), () => Effect.zipRight(TestClock.adjust(0), turns(3)))

export const waitedFor = Effect.flatMap(Inbox, (inbox) => inbox.waitedFor)

export const isWaiting = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.poll(fiber), Option.isNone)
