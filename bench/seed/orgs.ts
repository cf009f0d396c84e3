import { SqlClient } from "@effect/sql"
import { Array, DateTime, Effect, Schema } from "effect"
import { OrgId } from "../../src/domain/Ids.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { Integrations } from "../../src/services/Integrations.ts"

const org = Schema.decodeSync(OrgId)

/** Organisations by what they are asked for. */
export const orgs = {
  /** More than there are connections, each with credentials of its own. */
  distinct: Array.makeBy(1000, (n) => org(`org-${String(n).padStart(4, "0")}`)),
  hot: org("org-hot"),
  tenRoutes: org("org-ten-routes"),
  thousandRoutes: org("org-thousand-routes"),
  webhooks: org("org-webhooks"),
  webhooksThousandRoutes: org("org-webhooks-thousand-routes")
} as const

export const webhookSecret = "sentry-client-secret"

const configure = (orgId: OrgId) =>
  Effect.gen(function*() {
    const integrations = yield* Integrations
    yield* integrations.configure(orgId, "pagerduty", { apiKey: `u+${orgId}` })
    yield* integrations.configure(orgId, "linear", { apiKey: `lin_api_${orgId}` })
    yield* integrations.configure(orgId, "sentry", { authToken: `t-${orgId}`, organization: "acme", webhookSecret })
  })

/** `count` routes, the last of which sends Sentry's issues to a Slack channel. */
export const addRoutes = (orgId: OrgId, count: number) =>
  Effect.gen(function*() {
    const routes = yield* ChannelRoutesRepo
    const now = yield* DateTime.now
    const route = { channel: "slack", projectId: null, enabled: true }
    yield* Effect.forEach(Array.range(1, count - 1), (n) =>
      routes.add(orgId, { ...route, eventType: `deploy.service-${n}.*`, channelId: `C0${n}` }, now), { discard: true })
    yield* routes.add(orgId, { ...route, eventType: "sentry.issue.*", channelId: "C0ERRORS" }, now)
  })

/** Everything but history: organisations with credentials and routes. In one transaction, which takes a second. */
export const seedOrgs = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const integrations = yield* Integrations
  yield* sql.withTransaction(Effect.gen(function*() {
    yield* Effect.forEach(Object.values(orgs).flat(), configure, { discard: true })
    for (const orgId of [orgs.webhooks, orgs.webhooksThousandRoutes]) {
      yield* integrations.configure(orgId, "slack", { botToken: "xoxb-bench" })
    }
    yield* addRoutes(orgs.tenRoutes, 10)
    yield* addRoutes(orgs.thousandRoutes, 1000)
    yield* addRoutes(orgs.webhooks, 10)
    yield* addRoutes(orgs.webhooksThousandRoutes, 1000)
  }))
})
