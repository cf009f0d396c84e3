import { SqlClient, Statement } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Layer, Schema, TestClock } from "effect"
import { RetentionRepo } from "../../src/persistence/RetentionRepo.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { aFewTurns, as, asNobody, configure, configuredOrg, credentials, Faked } from "../http/service.ts"

/** Statements as they were sent, each once, with the parameters that it first had. */
const sent = new Map<string, ReadonlyArray<unknown>>()

const spy = (statement: Statement.Statement<unknown>) =>
  Effect.sync(() => {
    const [text, parameters] = statement.compile()
    if (!sent.has(text)) sent.set(text, parameters)
    return statement
  })

const Spied = Faked({ dispatch: InProcess }).pipe(Layer.provide(Statement.setTransformer(spy)))

const secret = "client-secret"
const issue = (id: string) =>
  JSON.stringify({
    action: "created",
    installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
    data: { issue: { id, title: "TypeError", level: "fatal", project: { slug: "api-gateway" } } }
  })

const Agents = Schema.Struct({ agents: Schema.Array(Schema.Struct({ id: Schema.String })) })
const Deliveries = Schema.Struct({ deliveries: Schema.Array(Schema.Struct({ id: Schema.String })) })

/** Everything that callers, vendors, agents and time ask of a service again and again. */
const everyday = Effect.gen(function*() {
  const org = yield* configuredOrg
  const ask = as(org)
  yield* configure(org, { integration: "slack", config: { botToken: "xoxb-1" } })
  yield* configure(org, {
    ...credentials.sentry,
    config: { ...credentials.sentry.config, webhookSecret: secret }
  })
  yield* ask("POST", "/api/channel-routes", { body: { eventType: "*", channel: "slack", channelId: "C1" } })
  sent.clear()

  for (
    const path of [
      "/api/integrations/status",
      "/api/integrations/sentry",
      "/api/channel-routes",
      "/api/integrations/pagerduty/oncall",
      "/api/integrations/pagerduty/incidents",
      "/api/integrations/linear/teams",
      "/api/integrations/linear/issues",
      "/api/observability/sentry",
      "/api/webhooks/failures",
      "/api/webhooks/failures?source=sentry"
    ]
  ) assert.strictEqual((yield* ask("GET", path)).status, 200, path)

  const deliver = (body: string, search: string) =>
    asNobody("POST", `/api/webhooks/sentry${search}`, { body, headers: signatureHeaders.sentry(secret, body) })
  const webhook = (body: string, search = `?org=${org}`) =>
    Effect.map(deliver(body, search), ({ status }) => assert.strictEqual(status, 200))
  yield* webhook(issue("1"))
  yield* webhook(issue("1"))
  yield* webhook(issue("2"), "")
  yield* webhook(issue("3"), "")
  assert.strictEqual((yield* deliver(issue("4"), "?org=somebody-else")).status, 401)
  const event = { type: "deploy.done", title: "Deployed", dedupKey: "1", groupKey: "deploys" }
  for (let times = 0; times < 2; times++) yield* ask("POST", "/api/events", { body: event })
  yield* ask("POST", "/api/events", { body: { ...event, dedupKey: "2" } })
  yield* ask("POST", "/api/integrations/pagerduty/incidents/P1INC001/acknowledge", { body: {} })

  // Senders, the sweep and what is written behind.
  yield* TestClock.adjust("6 seconds")
  yield* aFewTurns
  yield* TestClock.adjust("70 seconds")
  yield* aFewTurns

  const { agents: [agent] } = yield* Schema.decodeUnknown(Agents)((yield* ask("GET", "/api/agents")).json)
  yield* ask("GET", `/api/agents/${agent?.id}/incidents`)
  yield* ask("GET", `/api/agents/${agent?.id}/incidents?after=1`)
  const { deliveries: [delivery] } = yield* Schema.decodeUnknown(Deliveries)(
    (yield* ask("GET", "/api/deliveries")).json
  )
  for (
    const search of ["?status=pending", "?status=failed,dead", "?routeId=route-001", "?eventId=evt-1", "?after=dlv-1"]
  ) yield* ask("GET", `/api/deliveries${search}`)
  yield* ask("GET", `/api/deliveries/${delivery?.id}`)
  yield* ask("POST", `/api/deliveries/${delivery?.id}/retry`)
  yield* ask("POST", "/api/deliveries/retry", { body: { status: ["delivered"] } })

  // What retention does every hour.
  const { deliveries, events, groups, inboxEntries } = yield* RetentionRepo
  const now = yield* DateTime.now
  for (const remove of [deliveries, inboxEntries, events, groups]) {
    yield* Statement.withTransformer(remove(now, 10), spy)
  }
  return [...sent]
}).pipe(Effect.provide(RetentionRepo.Default))

const Plan = Schema.Array(Schema.Struct({ detail: Schema.String }))

/** Sets that the query has made itself: small, because what they are made of is searched. */
const derived = /^(?:CO-ROUTINE|MATERIALIZE) (\S+)/
/** The values that stand in the statement itself: as many as one batch has. */
const listed = /^SCAN \d+-ROW VALUES CLAUSE$/
const scanned = /^SCAN (\S+)(?: USING (?:COVERING )?INDEX (\S+))?/

describe("the statements that the service sends", () => {
  it.effect("search indexes, and scan no table", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const statements = (yield* everyday).filter(([text]) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(text))
      const partial = new Set(
        (yield* sql<
          { readonly name: string }
        >`SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'`)
          .map(({ name }) => name)
      )
      const scans: Array<string> = []
      for (const [text, parameters] of statements) {
        const plan = yield* Schema.decodeUnknown(Plan)(yield* sql.unsafe(`EXPLAIN QUERY PLAN ${text}`, parameters))
        const own = new Set(plan.flatMap(({ detail }) => derived.exec(detail)?.[1] ?? []))
        for (const { detail } of plan) {
          const [, table = "", index = ""] = scanned.exec(detail) ?? []
          // A partial index holds only what there is to do.
          if (
            table === "" || own.has(table) || partial.has(index) || table === "CONSTANT" || listed.test(detail)
          ) continue
          scans.push(`${detail}: ${text.replace(/\s+/g, " ").trim()}`)
        }
      }
      deepStrictEqual(scans, [])
      const used = ["integrations", "channel_routes", "incident_agents", "events", "inbox_entries", "destinations"]
      for (const table of [...used, "deliveries", "delivery_attempts", "destination_groups", "webhook_bindings"]) {
        assert.isTrue(statements.some(([text]) => text.includes(table)), `no statement uses ${table}`)
      }
    }).pipe(Effect.provide(Spied)))
})
