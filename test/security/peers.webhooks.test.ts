import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { readFileSync } from "node:fs"
import { hang } from "../../src/sandbox/Fault.ts"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at } from "../http/ask.ts"
import { as, configure, newOrg } from "../http/service.ts"
import { configureSecrets, deliver, eventsOf, post, signer, vendors } from "../http/webhookVendors.ts"

const sample = (name: string) => readFileSync(new URL(`../samples/sentry/${name}.json`, import.meta.url))
const stored = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`SELECT (SELECT COUNT(*) FROM events) AS events, (SELECT COUNT(*) FROM deliveries) AS deliveries,
      (SELECT COUNT(*) FROM incident_agents) AS agents, (SELECT COUNT(*) FROM webhook_bindings) AS bindings`
)
const issue = (id: string, project = "api-gateway") =>
  JSON.stringify({ action: "created", data: { issue: { id, title: "t", project: { slug: project } } } })

layer(Sandbox)("peers' defects of webhooks", (it) => {
  it.effect("5: what does not verify is answered 401 and leaves nothing, whoever is named", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const { orgId } = yield* signer(vendor)
        const secretless = yield* newOrg
        yield* configureSecrets(secretless, vendor, {})
        for (const org of [orgId, secretless]) {
          yield* as(org)("POST", "/api/channel-routes", {
            body: { eventType: "*", channel: "slack", channelId: "C0ALERTS" }
          })
        }
        const before = yield* stored
        const body = issue("unsigned")
        const searches = ["", `?org=${orgId}`, `?org=${secretless}`, `?org=${yield* newOrg}`, `?orgId=${secretless}`]
        for (const search of searches) {
          for (
            const answer of [
              yield* post(vendor, body, { search }),
              yield* deliver(vendor, "another secret", body, { search }),
              yield* deliver(vendor, "", body, { search }),
              yield* deliver(vendor, "undefined", body, { search })
            ]
          ) assert.deepStrictEqual([answer.status, at(answer.json, "code")], [401, "INVALID_SIGNATURE"], search)
        }
        assert.deepStrictEqual(yield* stored, before, vendor)
      }
    }))

  it.effect("6: the signature is over the bytes as they came, and an odd one is a 401", () =>
    Effect.gen(function*() {
      const bodies = [
        `{ "action" : "created" ,\n\t"data":{}}`,
        `{"action":"created","data":{"issue":{"id":"1","title":"Gr\\u00f6\\u00dfe"}}}`,
        `{"action":"created","data":{"issue":{"id":"2","received":1679408400.0,"n":1e2,"z":-0}}}`,
        `{"data":{"b":1,"a":2},"action":"created"}`,
        `{"action":"created","action":"resolved"}`,
        `{"action":"created"}\r\n`
      ]
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        for (const body of bodies) {
          assert.strictEqual((yield* deliver(vendor, secret, body, { search: `?org=${orgId}` })).status, 200, body)
        }
        const header = {
          sentry: "sentry-hook-signature",
          pagerduty: "x-pagerduty-signature",
          linear: "linear-signature"
        }
        const odd = [
          "\u00e9".repeat(64),
          "\u00ff".repeat(32),
          "0".repeat(63),
          "0".repeat(65),
          "g".repeat(64),
          "v1=",
          ","
        ]
        for (const signature of [...odd, ...odd.map((one) => `v1=${one}`)]) {
          const answer = yield* post(vendor, "{}", {
            search: `?org=${orgId}`,
            headers: { [header[vendor]]: signature }
          })
          assert.deepStrictEqual([answer.status, at(answer.json, "code")], [401, "INVALID_SIGNATURE"], signature)
        }
      }
    }))

  it.effect("7: the same delivery is another event in another organisation", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const signers = [yield* signer(vendor), yield* signer(vendor)]
        for (const { orgId, secret } of signers) {
          for (let time = 0; time < 2; time++) {
            assert.strictEqual(
              (yield* deliver(vendor, secret, issue("same"), { search: `?org=${orgId}` })).status,
              200
            )
          }
        }
        for (const { orgId } of signers) assert.lengthOf(yield* eventsOf(orgId), 1, vendor)
      }
    }))

  it.effect("7: a first attempt that failed does not make its repeat a duplicate", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { orgId, secret } = yield* signer("sentry")
      const again = deliver("sentry", secret, issue("retried"), { search: `?org=${orgId}` })
      yield* sql`CREATE TRIGGER broken BEFORE INSERT ON inbox_entries BEGIN SELECT RAISE(ABORT, 'broken'); END`
      const failed = yield* again
      yield* sql`DROP TRIGGER broken`
      assert.isAtLeast(failed.status, 500)
      assert.deepStrictEqual(yield* eventsOf(orgId), [])
      const taken = yield* again
      assert.deepStrictEqual([taken.status, at(taken.json, "routed")], [200, true])
      assert.lengthOf(yield* eventsOf(orgId), 1)
    }))

  it.effect("10: the answer waits for nobody who is told", () =>
    Effect.gen(function*() {
      const standIns = yield* StandIns
      const { orgId, secret } = yield* signer("sentry")
      for (const body of sandboxCredentials.slice(3)) yield* configure(orgId, body)
      const places = [
        ["slack", "C0ALERTS"],
        ["discord", "1200000000000000101"],
        ["telegram", "-1001234567890"],
        ["whatsapp", "5511987654321"]
      ] as const
      for (const [channel, channelId] of places) {
        yield* standIns[channel].clear
        yield* standIns[channel].script(hang)
        yield* as(orgId)("POST", "/api/channel-routes", { body: { eventType: "*", channel, channelId } })
      }
      // The clock stands still: an answer that waited for one of them would never come.
      for (const id of ["first", "second"]) {
        const answer = yield* deliver("sentry", secret, issue(id), { search: `?org=${orgId}` })
        assert.deepStrictEqual([answer.status, at(answer.json, "routed")], [200, true])
      }
      for (const [channel] of places) yield* standIns[channel].awaitCalls(1)
      const { json } = yield* as(orgId)("GET", "/api/deliveries?status=delivering")
      assert.strictEqual(Object.values(Object(at(json, "deliveries"))).length, places.length)
      yield* TestClock.adjust("10 seconds")
    }))

  it.effect("11: Sentry's own words are understood, and told from one another", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("sentry")
      const take = (body: string | Uint8Array) => deliver("sentry", secret, body, { search: `?org=${orgId}` })
      const critical = sample("metric_alert.critical").toString("utf8")
      const alert = sample("event_alert.triggered").toString("utf8")
      const unresolved = issue("77").replace("created", "unresolved")
      const bodies = [critical, critical.replace(`"critical"`, `"warning"`), unresolved, alert, issue("78")]
      for (const body of bodies) {
        const answer = yield* take(body)
        assert.deepStrictEqual([answer.status, at(answer.json, "routed")], [200, true], body.slice(0, 80))
      }
      // Alike in nothing but what a peer looked at: each has a key of its own, and a repeat has the same one.
      yield* take(alert)
      yield* take(alert.replace(/"event_id": ?"[^"]*"/, `"event_id":"another"`))
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT type, project_id FROM events WHERE org_id = ${orgId} ORDER BY id`
      assert.deepStrictEqual(rows.map((row) => [row["type"], row["projectId"]]), [
        ["sentry.metric_alert.critical", "bar"],
        ["sentry.metric_alert.warning", "bar"],
        ["sentry.issue.unresolved", "api-gateway"],
        ["sentry.event_alert.triggered", "front-end"],
        ["sentry.issue.created", "api-gateway"],
        ["sentry.event_alert.triggered", "front-end"]
      ])
    }))
})
