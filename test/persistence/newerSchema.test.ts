import { Migrator, SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Effect, Schema } from "effect"
import { migrations } from "../../src/persistence/migrations.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { advance } from "../fakes/turns.ts"
import { as, asNobody, configure, configuredOrg, Faked } from "../http/service.ts"

/** What a later version might have added to every table, as its migrations may. */
const migratedFurther = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ readonly name: string }>`${
    sql.onDialectOrElse({
      pg: () =>
        sql`SELECT relname AS name FROM pg_class
            WHERE relnamespace = current_schema()::text::regnamespace AND relkind = 'r'`,
      orElse: () => sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
    })
  }`
  const own = tables.map(({ name }) => name).filter((name) => !/^(effect_sql|cluster)_/.test(name))
  for (const name of own) {
    yield* sql`ALTER TABLE ${sql(name)} ADD COLUMN added_with TEXT NOT NULL DEFAULT 'a default'`
    yield* sql`ALTER TABLE ${sql(name)} ADD COLUMN added_without INTEGER`
  }
  yield* sql`CREATE TABLE added_table (id TEXT NOT NULL PRIMARY KEY)`
  yield* sql`INSERT INTO effect_sql_migrations (migration_id, name) VALUES (9999, 'of_a_later_version')`
  return own.length
})

const secret = "client-secret"

const Deliveries = Schema.Struct({
  deliveries: Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String }))
})
const Agents = Schema.Struct({ agents: Schema.Array(Schema.Struct({ id: Schema.String })) })

layer(Faked({ dispatch: InProcess }))("over the schema of a later version", (it) => {
  it.effect("the service starts, reads, writes and sends", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const ask = as(orgId)
      const route = { eventType: "*", channel: "slack", channelId: "C1" }
      const event = { type: "deploy.done", title: "Deployed", groupKey: "deploys" }
      yield* configure(orgId, { integration: "slack", config: { botToken: "xoxb-1" } })
      yield* ask("POST", "/api/channel-routes", { body: route })
      assert.isAbove(yield* migratedFurther, 10)

      // A start finds nothing to do.
      deepStrictEqual(yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations) }), [])
      yield* configure(orgId, { integration: "slack", config: { botToken: "xoxb-2" } })
      const sentry = { authToken: "t", organization: "acme", webhookSecret: secret }
      yield* configure(orgId, { integration: "sentry", config: sentry })
      const added = yield* ask("POST", "/api/channel-routes", {
        body: { ...route, channelId: "C2" },
        headers: { "idempotency-key": "key-1" }
      })
      assert.strictEqual(added.status, 201)
      assert.strictEqual((yield* ask("POST", "/api/events", { body: event })).status, 202)
      const issue = JSON.stringify({ action: "created", data: { issue: { id: "1", title: "TypeError" } } })
      const webhook = yield* asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, {
        body: issue,
        headers: signatureHeaders.sentry(secret, issue)
      })
      assert.strictEqual(webhook.status, 200)
      yield* advance("10 seconds")
      const { deliveries } = yield* Schema.decodeUnknown(Deliveries)((yield* ask("GET", "/api/deliveries")).json)
      deepStrictEqual(deliveries.map(({ status }) => status), Array.replicate("delivered", 4))
      for (
        const path of [
          `/api/deliveries/${deliveries[0]?.id}`,
          "/api/channel-routes",
          "/api/integrations/status",
          "/api/integrations/pagerduty/incidents",
          "/api/webhooks/failures",
          "/api/audit"
        ]
      ) assert.strictEqual((yield* ask("GET", path)).status, 200, path)
      const { agents } = yield* Schema.decodeUnknown(Agents)((yield* ask("GET", "/api/agents")).json)
      assert.lengthOf(agents, 1)
      for (const { id } of agents) {
        assert.strictEqual((yield* ask("GET", `/api/agents/${id}/incidents`)).status, 200)
      }
    }))
})
