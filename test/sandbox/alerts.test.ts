import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { readFileSync } from "node:fs"
import { sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at } from "../http/ask.ts"
import { asNobody } from "../http/service.ts"
import { acme, channels, configured, emit, log, org, pass, places, received, route, wordsOf } from "./alerts.ts"

const sample = (path: string) => readFileSync(new URL(`../samples/${path}`, import.meta.url), "utf8")

const told = {
  sentry: {
    body: () => sample("sentry/issue.created.json"),
    type: "sentry.issue.created",
    title: "KeyError: 'x'",
    severity: "🔴 CRITICAL",
    link: "https://acme.sentry.io/issues/1234567890/"
  },
  pagerduty: {
    body: () => sample("pagerduty/incident.acknowledged.json"),
    type: "incident.acknowledged",
    title: "API 5xx",
    severity: "👀 ACKNOWLEDGED (critical)",
    link: "https://acme.pagerduty.com/incidents/PGR0VU2"
  },
  linear: {
    // The sample was signed long ago.
    body: (nowMs: number) => sample("linear/issue.update.json").replace("1767225600000", String(nowMs)),
    type: "linear.issue.update",
    title: "ENG-1 API 5xx",
    severity: "🟠 ERROR",
    link: "https://linear.app/acme/issue/ENG-1/api-5xx"
  }
} as const

const vendors = ["sentry", "pagerduty", "linear"] as const

const deploy = {
  type: "deploy.finished",
  title: "Deploy finished",
  severity: "🟡 WARNING",
  link: "https://ci.acme.com/deploys/4711"
}

const webhook = (vendor: (typeof vendors)[number]) =>
  Effect.gen(function*() {
    const body = told[vendor].body(yield* Clock.currentTimeMillis)
    const headers = signatureHeaders[vendor](sandboxWebhookSecrets[vendor], body)
    return yield* asNobody("POST", `/api/webhooks/${vendor}`, { body, headers })
  })

const everything = [...vendors.map((vendor) => told[vendor]), deploy]

const stored = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`SELECT type FROM events WHERE org_id = ${org} ORDER BY id`
).pipe(Effect.map((rows) => rows.map((row) => row["type"])))

const inbox = Effect.gen(function*() {
  const agents = at((yield* acme("GET", "/api/agents")).json, "agents")
  return yield* Effect.forEach(
    Array.isArray(agents) ? agents : [],
    (agent: unknown) =>
      Effect.map(acme("GET", `/api/agents/${String(at(agent, "id"))}/incidents`), ({ json }) => ({
        projectId: at(agent, "projectId"),
        incidents: at(json, "incidents")
      }))
  )
})

describe("what vendors and tools tell", () => {
  it.effect("is one stored event, one inbox entry and one message in each channel", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* Effect.forEach(channels, (channel) => route(channel))
      for (const vendor of vendors) {
        const { json, status } = yield* webhook(vendor)
        assert.deepStrictEqual([status, at(json, "received"), at(json, "routed")], [200, true, vendor !== "linear"])
      }
      const posted = { severity: "warning", url: deploy.link, dedupKey: "deploy-4711" }
      assert.deepInclude(yield* emit(deploy.title, posted), { status: 202 })
      // Vendors send again what they have an answer for, and so do tools.
      for (const vendor of vendors) assert.strictEqual((yield* webhook(vendor)).status, 200)
      assert.strictEqual(at((yield* emit(deploy.title, posted)).json, "deliveries"), 4)
      yield* pass(12)

      assert.deepStrictEqual(yield* stored, everything.map(({ type }) => type))
      assert.sameDeepMembers(
        (yield* inbox).map(({ incidents, projectId }) => [
          projectId,
          at(incidents, "length"),
          at(incidents, 0, "title"),
          at(incidents, 0, "url")
        ]),
        [
          ["python", 1, told.sentry.title, told.sentry.link],
          ["API Service", 1, told.pagerduty.title, told.pagerduty.link]
        ]
      )
      for (const channel of channels) {
        const messages = yield* received(channel)
        assert.lengthOf(messages, everything.length, channel)
        for (const [index, { link, severity, title, type }] of everything.entries()) {
          const message = messages[index]
          assert.strictEqual(message?.channelId, places[channel])
          const words = message === undefined ? "" : wordsOf(message)
          for (const part of [title, severity, link, type]) assert.include(words, part, channel)
        }
      }
      const all = yield* log
      assert.lengthOf(all, everything.length * channels.length)
      for (const { attempts, delivery } of all) {
        assert.deepInclude(Object(delivery), { status: "delivered", attemptCount: 1, lastError: null })
        assert.deepStrictEqual(attempts.map((attempt) => [at(attempt, "outcome"), at(attempt, "error")]), [
          ["delivered", null]
        ])
      }
    }).pipe(Effect.provide(Sandbox)))

  it.effect("goes nowhere when the signature is not the vendor's", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* route("slack")
      for (const vendor of vendors) {
        const body = told[vendor].body(yield* Clock.currentTimeMillis)
        const headers = signatureHeaders[vendor]("another secret", body)
        const answer = yield* asNobody("POST", `/api/webhooks/${vendor}?org=${org}`, { body, headers })
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [401, "INVALID_SIGNATURE"])
      }
      yield* pass(2)
      assert.deepStrictEqual(yield* stored, [])
      assert.deepStrictEqual(yield* received("slack"), [])
      const failures = at((yield* acme("GET", "/api/webhooks/failures")).json, "failures")
      assert.deepStrictEqual(
        vendors.map((_, index) => [at(failures, index, "source"), at(failures, index, "reason")]),
        vendors.toReversed().map((vendor) => [vendor, "wrong-secret"])
      )
    }).pipe(Effect.provide(Sandbox)))
})

describe("a test-fire", () => {
  it.effect("arrives in its channel alone, and says that it is one", () =>
    Effect.gen(function*() {
      yield* configured()
      for (const channel of channels) {
        const id = yield* route(channel)
        const { json, status } = yield* acme("POST", `/api/channel-routes/${id}/test`)
        assert.deepStrictEqual([status, at(json, "routeId"), at(json, "status")], [200, id, "pending"])
        yield* pass(5)
        const [message, ...others] = yield* received(channel)
        assert.isEmpty(others)
        const words = message === undefined ? "" : wordsOf(message)
        for (const part of ["🧪 TEST: 🔵 INFO", `Test of ${id}`, "This is a test message. Nothing has happened."]) {
          assert.include(words, part, channel)
        }
      }
      for (const channel of channels) assert.lengthOf(yield* received(channel), 1, channel)
      assert.deepStrictEqual(yield* inbox, [])
    }).pipe(Effect.provide(Sandbox)))
})
