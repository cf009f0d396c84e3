import { Context, type Effect } from "effect"
import type { Accepted, IncomingEvent } from "../domain/Event.ts"
import type { OrgId } from "../domain/Ids.ts"

/** Takes events in: once it has answered, the event is on disk, exactly once for each dedup key of an org. */
export class Intake extends Context.Tag("services/Intake")<Intake, {
  readonly accept: (orgId: OrgId, event: IncomingEvent) => Effect.Effect<Accepted>
}>() {}
