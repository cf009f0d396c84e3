import { Effect, PubSub } from "effect"
import type { OrgId } from "../domain/Ids.ts"

/** Agents' inboxes: tells those who wait for incidents that there is one. */
export class Inbox extends Effect.Service<Inbox>()("alerts/Inbox", {
  scoped: Effect.gen(function*() {
    const arrivals = yield* Effect.acquireRelease(PubSub.sliding<string>(1024), PubSub.shutdown)

    /** Something has come into the agent's inbox, and is committed. */
    const announce = (orgId: OrgId, agentId: string) =>
      Effect.asVoid(PubSub.publish(arrivals, JSON.stringify([orgId, agentId])))

    return { announce } as const
  })
}) {}
