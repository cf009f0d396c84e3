import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Intake } from "../../alerts/Intake.ts"
import { apiId } from "../../api/apiId.ts"
import { CurrentOrg } from "../../api/Org.ts"
import type { ServiceUnavailable, UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import { idempotently } from "../../services/idempotently.ts"
import { Integrations } from "../../services/Integrations.ts"
import { webhookIntake } from "../../services/webhookIntake.ts"
import { makeShared } from "../../upstream/shared.ts"
import { LinearGroup } from "./Api.ts"
import { linear } from "./definition.ts"
import type { IssuePage, Team } from "./domain.ts"
import { Linear } from "./Linear.ts"
import { linearWebhook, webhookMaxAge } from "./webhook.ts"

export const LinearHttp = HttpApiBuilder.group(
  HttpApi.make(apiId).add(LinearGroup),
  "linear",
  (handlers) =>
    Effect.gen(function*() {
      const vendor = yield* Linear
      const connection = (yield* Integrations).connect(linear)
      const { accept } = yield* Intake
      const receive = yield* webhookIntake({ webhook: linearWebhook(yield* webhookMaxAge), connection, accept })
      const teams = yield* makeShared<ReadonlyArray<Team>, UpstreamFailed | UpstreamRejected | ServiceUnavailable>()
      const issues = yield* makeShared<IssuePage, UpstreamFailed | UpstreamRejected | ServiceUnavailable>()

      return yield* idempotently(
        handlers
          .handle("teams", () =>
            Effect.gen(function*() {
              return { teams: yield* connection.read(yield* CurrentOrg, teams, [], vendor.teams) }
            }))
          .handle("issues", ({ urlParams }) =>
            Effect.gen(function*() {
              const { assignee, limit, status, team } = urlParams
              const query = { team, status, assignee, limit }
              return yield* connection.read(yield* CurrentOrg, issues, query, (config) => vendor.issues(config, query))
            }))
          .handle("create", ({ headers, payload }) =>
            Effect.gen(function*() {
              const orgId = yield* CurrentOrg
              const key = headers["idempotency-key"]
              const idempotency = key === undefined ? undefined : { orgId, key }
              return yield* connection.write(orgId, (config) => vendor.create(config, payload, idempotency))
            }))
          .handleRaw("webhook", receive, { uninterruptible: true })
      )
    })
)
