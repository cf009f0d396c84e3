import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { apiId } from "../../api/apiId.ts"
import { CurrentOrg } from "../../api/Org.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import { Integrations } from "../../services/Integrations.ts"
import { makeShared } from "../../upstream/shared.ts"
import { PagerDutyGroup } from "./Api.ts"
import { pagerduty } from "./definition.ts"
import type { IncidentPage, OnCall } from "./domain.ts"
import { PagerDuty } from "./PagerDuty.ts"

export const PagerDutyHttp = HttpApiBuilder.group(HttpApi.make(apiId).add(PagerDutyGroup), "pagerduty", (handlers) =>
  Effect.gen(function*() {
    const vendor = yield* PagerDuty
    const connection = (yield* Integrations).connect(pagerduty)
    const oncalls = yield* makeShared<OnCall | null, UpstreamFailed | UpstreamRejected>()
    const incidents = yield* makeShared<IncidentPage, UpstreamFailed | UpstreamRejected>()

    return handlers
      .handle("oncall", () =>
        Effect.gen(function*() {
          const oncall = yield* connection.read(yield* CurrentOrg, oncalls, [], vendor.oncall)
          return { oncall }
        }))
      .handle("incidents", ({ urlParams: { limit, status } }) =>
        Effect.gen(function*() {
          const query = { statuses: status, limit }
          return yield* connection.read(yield* CurrentOrg, incidents, query, (config) => vendor.incidents(config, query))
        }))
      .handle("acknowledge", ({ path, payload }) =>
        Effect.gen(function*() {
          const org = yield* CurrentOrg
          const done = yield* connection.write(org, (config) =>
            vendor.acknowledge(config, path.id, payload.acknowledgedBy))
          return done.acknowledgement
        }))
  }))
