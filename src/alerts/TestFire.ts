import { DateTime, Effect } from "effect"
import { v7 as timeOrderedUuid } from "uuid"
import { routeId } from "../domain/ChannelRoute.ts"
import { RouteNotFound } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { currentTraceparent } from "../observability/traceparent.ts"
import { ChannelRoutesRepo, type ListedRoute } from "../persistence/ChannelRoutesRepo.ts"
import { EventRow, EventsRepo } from "../persistence/EventsRepo.ts"
import { afterCommit } from "../persistence/transaction.ts"
import { Dispatch } from "./Dispatch.ts"
import { Queue } from "./Queue.ts"

/** Says who asks and what the channel will get. */
const explained = (orgId: OrgId, { enabled, eventType, number, projectId }: ListedRoute): string =>
  [
    `${orgId} tries ${routeId(number)} out: nothing has happened.`,
    `The route sends ${eventType} of ${projectId === null ? "every project" : projectId} here.`,
    ...(enabled ? [] : ["It is switched off now."])
  ].join(" ")

/** Tries routes out. */
export class TestFire extends Effect.Service<TestFire>()("alerts/TestFire", {
  effect: Effect.gen(function*() {
    const routes = yield* ChannelRoutesRepo
    const events = yield* EventsRepo
    const queue = yield* Queue
    const dispatch = yield* Dispatch

    /** Sends a message to the route's destination, whether or not the route is enabled, and to no other. */
    const fire = Effect.fnUntraced(function*(orgId: OrgId, number: number) {
      const route = (yield* routes.list(orgId)).find((row) => row.number === number)
      if (route === undefined) return yield* new RouteNotFound()
      const now = yield* DateTime.now
      const key = yield* Effect.sync(() => timeOrderedUuid())
      const event = new EventRow({
        orgId,
        id: `evt-${key}`,
        source: "test",
        type: "route.test",
        dedupKey: `test:${key}`,
        projectId: route.projectId,
        agentId: null,
        title: `Test of ${routeId(number)}`,
        text: explained(orgId, route),
        url: null,
        severity: "info",
        state: "open",
        groupKey: null,
        body: "{}",
        dataPath: "",
        occurredAt: now,
        receivedAt: now,
        trace: yield* currentTraceparent
      })
      const target = { routeNumber: number, channel: route.channel, channelId: route.channelId }
      const queued = yield* events.transaction(
        Effect.zipRight(Effect.orDie(Effect.flatten(events.insert(event))), queue.add(event, [target], now))
      )
      yield* afterCommit(dispatch.wake(queued))
      return yield* Effect.orDie(Effect.fromNullable(queued[0]))
    }, Effect.uninterruptible)

    return { fire } as const
  })
}) {}
