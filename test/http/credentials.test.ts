import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { type Fault, hang, reset, status } from "../../src/sandbox/Fault.ts"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at, failure } from "./ask.ts"
import { as, configure, configuredOrg, credentials, newOrg, withoutPauses } from "./service.ts"

const standing = (orgId: string, id: string) =>
  Effect.map(as(orgId)("GET", "/api/integrations/status"), ({ json }) => {
    const list = at(json, "integrations")
    return Array.isArray(list) ? list.find((one) => at(one, "id") === id) : undefined
  })
const statusOf = (orgId: string, id: string) => Effect.map(standing(orgId, id), (one) => at(one, "status"))

const vendors = [
  {
    id: "pagerduty",
    name: "PagerDuty",
    path: "/api/integrations/pagerduty/oncall",
    bad: { integration: "pagerduty", config: { apiKey: "u+revoked-s3cr3t" } }
  },
  {
    id: "linear",
    name: "Linear",
    path: "/api/integrations/linear/teams",
    bad: { integration: "linear", config: { apiKey: "lin_api_revoked-s3cr3t" } }
  },
  {
    id: "sentry",
    name: "Sentry",
    path: "/api/observability/sentry",
    bad: { integration: "sentry", config: { authToken: "sntrys_revoked-s3cr3t", organization: "acme" } }
  }
] as const

const badChannels = [
  { integration: "slack", config: { botToken: "xoxb-revoked-s3cr3t" } },
  { integration: "discord", config: { botToken: "revoked-s3cr3t" } },
  { integration: "telegram", config: { botToken: "1:revoked-s3cr3t" } },
  { integration: "whatsapp", config: { accessToken: "EAArevoked-s3cr3t", phoneNumberId: "15550001111" } }
] as const

layer(Sandbox)("credentials", (it) => {
  for (const { bad, id, name, path } of vendors) {
    it.effect(`that ${name} refuses show as an error until it takes them, or until others are configured`, () =>
      Effect.gen(function*() {
        const orgId = yield* configuredOrg
        const standIn = (yield* StandIns)[id]
        yield* standIn.clear
        yield* standIn.script(status(401))
        const answer = yield* as(orgId)("GET", path)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, {
          status: 502,
          body: failure(
            502,
            "UPSTREAM_ERROR",
            `Failed to fetch from ${name} API`,
            `${name} rejected the credentials (401)`
          )
        })
        assert.lengthOf(yield* standIn.calls, 1)
        assert.strictEqual(yield* statusOf(orgId, id), "error")
        assert.strictEqual(at((yield* as(orgId)("GET", `/api/integrations/${id}`)).json, "status"), "error")
        assert.strictEqual((yield* as(orgId)("GET", path)).status, 200)
        assert.strictEqual(yield* statusOf(orgId, id), "active")
        yield* configure(orgId, bad)
        assert.strictEqual(yield* statusOf(orgId, id), "active")
        const refused = yield* as(orgId)("GET", path)
        assert.strictEqual(refused.status, 502)
        assert.notInclude(refused.text, "s3cr3t")
        assert.strictEqual(yield* statusOf(orgId, id), "error")
        yield* configure(orgId, credentials[id])
        assert.strictEqual(yield* statusOf(orgId, id), "active")
      }))

    it.effect(`a failure of ${name} that says nothing of them leaves them active, and the last sync as it was`, () =>
      Effect.gen(function*() {
        const orgId = yield* configuredOrg
        yield* as(orgId)("GET", path)
        const before = yield* standing(orgId, id)
        yield* TestClock.adjust("30 seconds")
        const standIn = (yield* StandIns)[id]
        yield* standIn.clear
        yield* standIn.script(...Array.from({ length: 4 }, (): Fault => status(503)))
        assert.strictEqual((yield* withoutPauses(as(orgId)("GET", path))).status, 502)
        assert.deepStrictEqual(yield* standing(orgId, id), before)
      }))

    it.effect(`verified at ${name} are stored only when it takes them`, () =>
      Effect.gen(function*() {
        const orgId = yield* newOrg
        const refused = yield* configure(orgId, bad, "?verify=true")
        assert.deepStrictEqual({ status: refused.status, body: refused.json }, {
          status: 422,
          body: failure(
            422,
            "UPSTREAM_REJECTED",
            `${name} refused the request`,
            `${name} rejected the credentials (401)`
          )
        })
        assert.strictEqual(yield* statusOf(orgId, id), "inactive")
        assert.strictEqual((yield* configure(orgId, credentials[id], "?verify=true")).status, 200)
        assert.strictEqual(yield* statusOf(orgId, id), "active")
        // A refusal leaves what is there.
        assert.strictEqual((yield* configure(orgId, bad, "?verify=true")).status, 422)
        assert.strictEqual((yield* as(orgId)("GET", path)).status, 200)
      }))

    it.effect(`verified while ${name} is down are not stored`, () =>
      Effect.gen(function*() {
        const orgId = yield* newOrg
        const standIn = (yield* StandIns)[id]
        yield* standIn.clear
        yield* standIn.script(...Array.from({ length: 4 }, () => reset))
        const answer = yield* withoutPauses(configure(orgId, credentials[id], "?verify=true"))
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [502, "UPSTREAM_ERROR"])
        yield* standIn.clear
        yield* standIn.script(hang)
        const asked = yield* Effect.fork(configure(orgId, credentials[id], "?verify=true"))
        yield* standIn.awaitCalls(1)
        yield* TestClock.adjust("10 seconds")
        const late = yield* Fiber.join(asked)
        assert.deepStrictEqual([late.status, at(late.json, "details")], [502, "Request timeout after 10000ms"])
        assert.strictEqual(yield* statusOf(orgId, id), "inactive")
      }))
  }

  it.effect("of every channel are verified too", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      for (const body of badChannels) {
        const answer = yield* configure(orgId, body, "?verify=true")
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [422, "UPSTREAM_REJECTED"], answer.text)
        assert.notInclude(answer.text, "s3cr3t")
      }
      assert.strictEqual(yield* statusOf(orgId, "slack"), "inactive")
      for (const body of sandboxCredentials) {
        assert.strictEqual((yield* configure(orgId, body, "?verify=true")).status, 200, body.integration)
      }
    }))

  it.effect("are not verified unless asked, and verify says only true or false", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* newOrg
      yield* pagerduty.clear
      for (const search of ["", "?verify=false"]) {
        assert.strictEqual((yield* configure(orgId, credentials.pagerduty, search)).status, 200)
      }
      for (const search of ["?verify=", "?verify=1", "?verify=TRUE", "?verify=true&verify=true"]) {
        const answer = yield* configure(orgId, credentials.pagerduty, search)
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "VALIDATION_ERROR"], search)
      }
      assert.deepStrictEqual(yield* pagerduty.calls, [])
    }))

  it.effect("go to their own vendor only, in a header", () =>
    Effect.gen(function*() {
      const { environment: _, ...standIns } = yield* StandIns
      const orgId = yield* configuredOrg
      yield* Effect.forEach(Object.values(standIns), ({ clear }) => clear)
      for (const { path } of vendors) yield* as(orgId)("GET", path)
      const secrets = {
        pagerduty: credentials.pagerduty.config.apiKey,
        linear: credentials.linear.config.apiKey,
        sentry: credentials.sentry.config.authToken
      }
      for (const standIn of Object.values(standIns)) {
        for (const call of yield* standIn.calls) {
          const { authorization, ...others } = call.headers
          const elsewhere = JSON.stringify({ ...call, headers: others })
          for (const [vendor, secret] of Object.entries(secrets)) {
            assert.notInclude(elsewhere, secret)
            assert.strictEqual(authorization?.includes(secret), vendor === standIn.vendor)
          }
          // Nothing tells a vendor who asked, or ties calls together.
          for (const header of ["traceparent", "b3", "x-org-id", "x-request-id"]) {
            assert.notProperty(call.headers, header)
          }
        }
      }
    }))
})
