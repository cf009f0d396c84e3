import { DateTime, Effect, Layer, Ref } from "effect"
import { IncidentNotFound, IncidentResolved } from "../../domain/Errors.ts"
import type { Acknowledgement, Incident, OnCall } from "./domain.ts"
import { PagerDuty } from "./PagerDuty.ts"

export interface FakePagerDutyState {
  readonly oncall: OnCall | null
  /** Newest first, as PagerDuty lists them. */
  readonly incidents: ReadonlyArray<Incident>
}

/** What the customer document shows. */
export const documentedPagerDuty: FakePagerDutyState = {
  oncall: {
    userId: "PUSER123",
    name: "Fabiano Cruz",
    email: "fabiano@acme.com",
    escalationLevel: 1,
    since: DateTime.unsafeMake("2026-03-21T08:00:00Z"),
    until: DateTime.unsafeMake("2026-03-22T08:00:00Z")
  },
  incidents: [{
    id: "P1INC001",
    title: "High error rate on /api/checkout",
    status: "triggered",
    urgency: "high",
    service: "api-gateway",
    createdAt: DateTime.unsafeMake("2026-03-21T14:05:00Z"),
    assignee: { name: "Fabiano Cruz", email: "fabiano@acme.com" }
  }]
}

/** PagerDuty in memory: takes any key, keeps acknowledgements, knows the incidents that it was given. */
export const FakePagerDuty = (state: FakePagerDutyState = documentedPagerDuty): Layer.Layer<PagerDuty> =>
  Layer.effect(
    PagerDuty,
    Effect.gen(function*() {
      const acknowledgements = yield* Ref.make<ReadonlyMap<string, Acknowledgement>>(new Map())

      const current = Effect.map(Ref.get(acknowledgements), (done) =>
        state.incidents.map((incident): Incident =>
          done.has(incident.id) ? { ...incident, status: "acknowledged" } : incident
        ))

      return {
        oncall: () =>
          Effect.succeed(state.oncall),
        incidents: (_, { limit, statuses }) =>
          Effect.map(current, (incidents) => {
            const found = incidents.filter(({ status }) =>
              statuses.includes(status)
            )
            return { incidents: found.slice(0, limit), total: found.length }
          }),
        acknowledge: (_, incidentId) =>
          Effect.gen(function*() {
            const incident = state.incidents.find(({ id }) => id === incidentId)
            if (incident === undefined) return yield* new IncidentNotFound()
            if (incident.status === "resolved") return yield* new IncidentResolved()
            const acknowledgedAt = yield* DateTime.now
            return yield* Ref.modify(acknowledgements, (done) => {
              const earlier = done.get(incidentId)
              const acknowledgement = earlier ?? { id: incidentId, status: "acknowledged" as const, acknowledgedAt }
              return [
                { acknowledgement, incident, changed: earlier === undefined },
                new Map([...done, [incidentId, acknowledgement]])
              ]
            })
          }),
        verify: () => Effect.void
      }
    })
  )
