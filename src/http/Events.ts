import { HttpApiBuilder } from "@effect/platform"
import { DateTime, Effect } from "effect"
import { v7 as timeOrderedUuid } from "uuid"
import { Intake } from "../alerts/Intake.ts"
import { Api } from "../api/Api.ts"
import { RepeatId } from "../api/Idempotency.ts"
import { CurrentOrg } from "../api/Org.ts"
import { incoming } from "../domain/PostedEvent.ts"
import { idempotently } from "../services/idempotently.ts"

/** How long the same dedup key is the same event. */
const dedupFor = "24 hours"

export const EventsHttp = HttpApiBuilder.group(Api, "events", (handlers) =>
  Effect.gen(function*() {
    const intake = yield* Intake
    return yield* idempotently(handlers.handle("emit", ({ payload }) =>
      Effect.gen(function*() {
        const unique = (yield* RepeatId) ?? (yield* Effect.sync(() => timeOrderedUuid()))
        const event = incoming(payload, unique, yield* DateTime.now)
        const { deliveries, eventId } = yield* intake.accept(yield* CurrentOrg, event, { dedupFor })
        return { id: eventId, deliveries }
      })))
  }))
