import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { as, Faked, newOrg } from "./service.ts"

const body = { eventType: "deploy.*", channel: "slack", channelId: "C0DEPLOY" }

layer(Faked({ environment: { RATE_LIMIT: "2/s burst 5" } }))("the audit log", (it) => {
  it.effect("costs nothing for what is refused as too much", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const statuses = yield* Effect.all(
        Array.from({ length: 30 }, () => as(orgId)("POST", "/api/channel-routes", { body })),
        { concurrency: "unbounded" }
      )
      const made = statuses.filter(({ status }) => status === 201).length
      assert.isAbove(made, 0)
      assert.isAbove(statuses.filter(({ status }) => status === 429).length, 0)
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT outcome FROM audit_log WHERE org_id = ${orgId}`
      assert.deepStrictEqual(rows.map(({ outcome }) => outcome), Array.from({ length: made }, () => "ok"))
    }))
})
