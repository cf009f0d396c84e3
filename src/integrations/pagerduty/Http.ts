import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { DateTime, Effect, Schema } from "effect"
import { Intake } from "../../alerts/Intake.ts"
import { apiId } from "../../api/apiId.ts"
import { CurrentOrg } from "../../api/Org.ts"
import type { ServiceUnavailable, UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import type { IncomingEvent } from "../../domain/Event.ts"
import type { OrgId } from "../../domain/Ids.ts"
import { idempotently } from "../../services/idempotently.ts"
import { Integrations } from "../../services/Integrations.ts"
import { projectOf, titleOf } from "../../services/normalise.ts"
import { webhookIntake } from "../../services/webhookIntake.ts"
import { makeShared } from "../../upstream/shared.ts"
import { PagerDutyGroup } from "./Api.ts"
import { pagerduty } from "./definition.ts"
import { Acknowledgement, type IncidentPage, type OnCall } from "./domain.ts"
import { type Acknowledged, PagerDuty } from "./PagerDuty.ts"
import { pagerdutyWebhook } from "./webhook.ts"

const encodeAcknowledgement = Schema.encodeSync(Schema.parseJson(Acknowledgement))

/** One for each acknowledgement in force: reopened and acknowledged again, an incident is acknowledged anew. */
const acknowledgedEvent = ({ acknowledgement, incident }: Acknowledged, by: string | undefined): IncomingEvent => {
  const { acknowledgedAt, id } = acknowledgement
  return {
    source: "pagerduty",
    type: "incident.acknowledged",
    dedupKey: `incident.acknowledged:${id}:${DateTime.formatIso(acknowledgedAt)}`,
    title: titleOf([incident.title], `PagerDuty incident ${id}`),
    text: by === undefined ? null : `Acknowledged by ${by}`,
    url: null,
    // As in PagerDuty's own webhook about it, which is then no news to anybody.
    severity: incident.urgency === "low" ? "warning" : "critical",
    state: "acknowledged",
    groupKey: `pagerduty:incident:${id}`,
    projectId: projectOf(incident.service ?? undefined),
    forAgent: false,
    body: encodeAcknowledgement(acknowledgement),
    dataPath: "",
    occurredAt: acknowledgedAt
  }
}

export const PagerDutyHttp = HttpApiBuilder.group(
  HttpApi.make(apiId).add(PagerDutyGroup),
  "pagerduty",
  (handlers) =>
    Effect.gen(function*() {
      const vendor = yield* PagerDuty
      const { accept } = yield* Intake
      const connection = (yield* Integrations).connect(pagerduty)
      const receive = yield* webhookIntake({ webhook: pagerdutyWebhook, connection, accept })
      const oncalls = yield* makeShared<OnCall | null, UpstreamFailed | UpstreamRejected | ServiceUnavailable>()
      const incidents = yield* makeShared<IncidentPage, UpstreamFailed | UpstreamRejected | ServiceUnavailable>()

      /** The incident is acknowledged whether or not we manage to note it down. */
      const announce = (org: OrgId, done: Acknowledged, by: string | undefined) =>
        accept(org, acknowledgedEvent(done, by)).pipe(
          Effect.catchAllCause((cause) => Effect.logError("Could not store an acknowledgement", cause))
        )

      return yield* idempotently(
        handlers
          .handle("oncall", () =>
            Effect.gen(function*() {
              const oncall = yield* connection.read(yield* CurrentOrg, oncalls, [], vendor.oncall)
              return { oncall }
            }))
          .handle("incidents", ({ urlParams: { limit, status } }) =>
            Effect.gen(function*() {
              const query = { statuses: status, limit }
              return yield* connection.read(
                yield* CurrentOrg,
                incidents,
                query,
                (config) => vendor.incidents(config, query)
              )
            }))
          .handle("acknowledge", ({ path, payload }) =>
            Effect.gen(function*() {
              const org = yield* CurrentOrg
              const { acknowledgement } = yield* connection.write(org, (config) =>
                vendor.acknowledge(config, path.id, payload?.acknowledgedBy).pipe(
                  // Part of the write: it is stored also when the caller has hung up meanwhile.
                  Effect.tap((done) => done.changed ? announce(org, done, payload?.acknowledgedBy) : Effect.void)
                ))
              return acknowledgement
            }))
          .handleRaw("webhook", receive, { uninterruptible: true })
      )
    })
)
