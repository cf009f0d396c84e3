import { Array, Clock, Duration, Effect, Option, RcRef } from "effect"
import { incident } from "../domain/Agent.ts"
import { AgentNotFound, RequestInvalid } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { type AgentRow, AgentsRepo } from "../persistence/AgentsRepo.ts"
import { type InboxEntry, InboxRepo, type Known } from "../persistence/InboxRepo.ts"

/** How late an incident is seen that another process has taken in. */
const lookEvery = "1 second"

/** How many agents are asked after in one query. */
const atOnce = 500

/** All who wait for the next incident of one agent. */
interface Waiting extends Known {
  readonly arrival: Effect.Latch
  waiters: number
}

export interface Reading {
  /** A cursor that was given before; `null` reads from the beginning. */
  readonly after: string | null
  readonly limit: number
  /** How long to wait for an incident if there is none. */
  readonly wait: Duration.Duration
}

const unknownCursor = new RequestInvalid({ problems: ["after: expected a cursor that this agent was given as next"] })

/**
 * Agents' inboxes. Who waits for an incident is woken by the one that announces it, through a latch for each agent that
 * is waited for: neither an incident nor a waiter costs more for how many others wait.
 */
export class Inbox extends Effect.Service<Inbox>()("alerts/Inbox", {
  scoped: Effect.gen(function*() {
    const agents = yield* AgentsRepo
    const repo = yield* InboxRepo
    const waiting = new Map<string, Waiting>()
    const state = { closed: false }

    const keyOf = (orgId: OrgId, id: string) => JSON.stringify([orgId, id])

    const wake = (key: string) =>
      Effect.suspend(() => {
        const found = waiting.get(key)
        waiting.delete(key)
        return found === undefined ? Effect.void : Effect.asVoid(found.arrival.open)
      })

    /** Something has come into the agent's inbox, and is committed. */
    const announce = (orgId: OrgId, agentId: string) => wake(keyOf(orgId, agentId))

    /** Ends every wait, and lets nobody wait any more: those who read are answered with what there is. */
    const close = Effect.suspend(() => {
      state.closed = true
      return Effect.forEach([...waiting.keys()], wake, { discard: true })
    })
    yield* Effect.addFinalizer(() => close)

    const look = Effect.suspend(() =>
      Effect.forEach(Array.chunksOf(waiting.values(), atOnce), (some) =>
        Effect.flatMap(
          repo.grown(some),
          Effect.forEach(({ id, orgId }) => announce(orgId, id), { discard: true })
        ), { discard: true })
    ).pipe(
      Effect.catchAllDefect((defect) => Effect.logWarning("Could not look for incidents of other processes", defect))
    )

    /** Looks into the database as long as anybody waits. */
    const lookout = yield* RcRef.make({ acquire: Effect.forkScoped(Effect.forever(Effect.delay(look, lookEvery))) })

    const join = ({ id, lastNumber, orgId }: AgentRow) =>
      Effect.sync(() => {
        const key = keyOf(orgId, id)
        const found = waiting.get(key) ?? { orgId, id, lastNumber, arrival: Effect.unsafeMakeLatch(), waiters: 0 }
        found.waiters += 1
        waiting.set(key, found)
        return found
      })

    const leave = (one: Waiting) =>
      Effect.sync(() => {
        one.waiters -= 1
        const key = keyOf(one.orgId, one.id)
        if (one.waiters === 0 && waiting.get(key) === one) waiting.delete(key)
      })

    /** What comes after a number. `None` where there was nothing and it is time to look again. */
    const next = Effect.fnUntraced(
      function*(orgId: OrgId, agentId: string, after: number, limit: number, untilMs: number) {
        const agent = yield* Effect.mapError(yield* agents.find(orgId, agentId), () => new AgentNotFound())
        if (after > agent.lastNumber) return yield* unknownCursor
        // Before the query: what comes in after it finds somebody to wake.
        const { arrival } = yield* Effect.acquireRelease(join(agent), leave)
        const entries = yield* repo.page(orgId, agentId, after, limit)
        const leftMs = untilMs - (yield* Clock.currentTimeMillis)
        if (entries.length > 0 || leftMs <= 0 || state.closed) return Option.some(entries)
        yield* RcRef.get(lookout)
        yield* Effect.timeoutOption(arrival.await, Duration.millis(leftMs))
        return Option.none()
      },
      Effect.scoped
    )

    /** What the agent was given after a cursor, oldest first. */
    const read = Effect.fnUntraced(function*(orgId: OrgId, agentId: string, { after, limit, wait }: Reading) {
      const untilMs = (yield* Clock.currentTimeMillis) + Duration.toMillis(wait)
      const entries = yield* next(orgId, agentId, Number(after ?? 0), limit, untilMs).pipe(
        Effect.repeat({ until: Option.isSome<ReadonlyArray<InboxEntry>> }),
        Effect.map(({ value }) => value)
      )
      return {
        incidents: entries.map(({ number, ...event }) => incident(agentId, number, event)),
        next: entries.at(-1)?.number.toString() ?? after
      }
    })

    /** How many agents are waited for. */
    const waitedFor = Effect.sync(() => waiting.size)

    return { announce, read, close, waitedFor } as const
  })
}) {}
