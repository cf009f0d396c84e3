import { SqlClient } from "@effect/sql"
import { Array, Effect, Schema } from "effect"
import { OrgId } from "../../src/domain/Ids.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import type { Plan } from "../load/plan.ts"
import { addRoutes, webhookSecret } from "../seed/orgs.ts"

/** Webhooks of one organisation wait for each other, since its agents' and channels' numbers follow one another. */
const many = Array.makeBy(100, (n) => Schema.decodeSync(OrgId)(`org-many-${n}`))

/** Each with ten routes, the last of which sends what comes to a Slack channel. */
export const seedMany = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const integrations = yield* Integrations
  yield* sql.withTransaction(Effect.forEach(many, (orgId) =>
    Effect.gen(function*() {
      yield* integrations.configure(orgId, "sentry", { authToken: "t", organization: "acme", webhookSecret })
      yield* integrations.configure(orgId, "slack", { botToken: "xoxb-bench" })
      yield* addRoutes(orgId, 10)
    }), { discard: true }))
})

/** Each connection's webhooks go to one after the other. */
export const webhooksOfMany: Plan = {
  _tag: "Mixed",
  plans: many.map((org) => ({ _tag: "Webhook", org, secret: webhookSecret }))
}
