import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { randomUUID } from "node:crypto"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { freeDisk, fullDisk } from "../fakes/fullDisk.ts"
import { at, failure, notValid } from "./ask.ts"
import { aFewTurns, as, asNobody } from "./service.ts"
import { configureSecrets, deliver, FakedNow, post, signer, vendors } from "./webhookVendors.ts"

const list = (orgId: string, search = "") =>
  Effect.zipRight(aFewTurns, as(orgId)("GET", `/api/webhooks/failures${search}`))

const failuresOf = (orgId: string, search = "") =>
  Effect.map(list(orgId, search), ({ json }) => {
    const failures = at(json, "failures")
    return Array.isArray(failures) ? failures : assert.fail("no list")
  })

const reasonsOf = (orgId: string, search = "") =>
  Effect.map(failuresOf(orgId, search), (failures) => failures.map((one) => at(one, "reason")))

layer(FakedNow)("webhooks that were refused", (it) => {
  it.effect("are listed with their reasons, newest first, and nothing is left of body, signature and secret", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        const search = `?org=${orgId}`
        const [[header] = [""]] = Object.entries(signatureHeaders[vendor](secret, ""))
        const body = `{ "canary" : 1.5 }`
        yield* post(vendor, body, { search })
        yield* post(vendor, body, { search, headers: { [header]: "odd-canary" } })
        yield* deliver(vendor, `${secret}x`, body, { search })
        yield* post(vendor, body, { search, headers: signatureHeaders[vendor](secret, `{"canary":1.5}`) })
        yield* configureSecrets(orgId, vendor, {})
        yield* deliver(vendor, secret, body, { search })
        const answer = yield* list(orgId)
        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(Object.keys(Object(answer.json)), ["failures", "next"])
        const failures = yield* failuresOf(orgId)
        assert.deepStrictEqual(
          failures.map((one) => at(one, "reason")),
          ["no-secret", "altered", "wrong-secret", "malformed", "missing"]
        )
        for (const one of failures) {
          assert.deepStrictEqual(Object.keys(Object(one)), ["id", "source", "reason", "details", "at"])
          assert.deepInclude(one, { source: vendor, at: "2026-01-01T00:00:00Z" })
        }
        for (const hidden of ["canary", secret, ...Object.values(signatureHeaders[vendor](secret, body))]) {
          assert.notInclude(answer.text, hidden)
        }
      }
    }))

  it.effect("tell a sender of an alteration, and of nothing else whether there is an organisation", () =>
    Effect.gen(function*() {
      // Only so many are examined in one second.
      yield* TestClock.adjust("1 second")
      const [{ orgId, secret }, bare] = [yield* signer("sentry"), yield* signer("sentry")]
      yield* configureSecrets(bare.orgId, "sentry", {})
      const told = (answer: { readonly json: unknown }) => at(answer.json, "details")
      const answers = yield* Effect.forEach(
        [orgId, bare.orgId, `org-${randomUUID()}`],
        (org) => Effect.map(deliver("sentry", "wrong", "{}", { search: `?org=${org}` }), ({ text }) => text)
      )
      assert.lengthOf(new Set(answers), 1)
      const altered = yield* post("sentry", "{ }", {
        search: `?org=${orgId}`,
        headers: signatureHeaders.sentry(secret, "{}")
      })
      assert.deepStrictEqual([altered.status, at(altered.json, "code")], [401, "INVALID_SIGNATURE"])
      assert.match(String(told(altered)), /compact JSON/)
    }))

  it.effect("that were signed too long ago are listed as stale", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("linear")
      yield* deliver("linear", secret, `{"webhookTimestamp":1}`)
      assert.deepStrictEqual(yield* reasonsOf(orgId), ["stale"])
    }))

  it.effect("are found by the body that was altered where nobody is named", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("pagerduty")
      yield* post("pagerduty", "{ }", { headers: signatureHeaders.pagerduty(secret, "{}") })
      yield* deliver("pagerduty", "wrong", "{}")
      assert.deepStrictEqual(yield* reasonsOf(orgId), ["altered"])
    }))

  it.effect("are listed for their own organisation, by source and page by page", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* signer("sentry"), yield* signer("sentry")]
      yield* configureSecrets(a.orgId, "linear", {})
      for (let count = 0; count < 5; count += 1) yield* post("sentry", "{}", { search: `?org=${a.orgId}` })
      yield* post("linear", "{}", { search: `?org=${a.orgId}` })
      yield* post("sentry", "{}", { headers: { "x-org-id": b.orgId } })
      assert.lengthOf(yield* failuresOf(b.orgId), 1)
      assert.lengthOf(yield* failuresOf(a.orgId, "?source=linear"), 1)
      assert.lengthOf(yield* failuresOf(a.orgId, "?source=pagerduty"), 0)
      const ids: Array<unknown> = []
      let after: unknown = null
      for (const expected of [2, 2, 1]) {
        const { json } = yield* list(
          a.orgId,
          `?source=sentry&limit=2${after === null ? "" : `&after=${String(after)}`}`
        )
        const failures = at(json, "failures")
        assert.isTrue(Array.isArray(failures) && failures.length === expected)
        if (Array.isArray(failures)) ids.push(...failures.map((one) => at(one, "id")))
        after = at(json, "next")
      }
      assert.isNull(after)
      assert.deepStrictEqual(ids, (yield* failuresOf(a.orgId, "?source=sentry")).map((one) => at(one, "id")))
      assert.strictEqual(new Set(ids).size, 5)
    }))

  it.effect("are at most a hundred for each organisation and source, and none for who has configured nothing", () =>
    Effect.gen(function*() {
      const { orgId } = yield* signer("sentry")
      for (let count = 0; count < 105; count += 1) yield* post("sentry", "{}", { search: `?org=${orgId}` })
      for (let count = 0; count < 5; count += 1) {
        yield* post("sentry", "{}", { search: `?org=org-made-up-${count}` })
        yield* post("linear", "{}", { search: `?org=${orgId}` })
      }
      assert.lengthOf(yield* failuresOf(orgId, "?limit=100"), 100)
      assert.lengthOf(yield* failuresOf(orgId, "?source=linear"), 0)
      assert.isNull(at((yield* list(orgId, "?limit=100")).json, "next"))
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT DISTINCT org_id FROM webhook_failures WHERE org_id LIKE 'org-made-up-%'`
      assert.deepStrictEqual([...rows], [])
    }))

  it.effect("are listed for who names an organisation and asks properly", () =>
    Effect.gen(function*() {
      const nobody = yield* asNobody("GET", "/api/webhooks/failures")
      assert.deepStrictEqual(nobody.json, failure(400, "ORG_ID_REQUIRED", "The x-org-id header is required"))
      const { orgId } = yield* signer("sentry")
      assert.deepStrictEqual((yield* list(orgId)).json, { failures: [], next: null })
      assert.deepStrictEqual(
        (yield* list(orgId, "?after=1&limit=0")).json,
        notValid("limit: expected an integer from 1 to 100; after: expected what a list gave as next")
      )
      const source = yield* list(orgId, "?source=slack")
      assert.strictEqual(source.status, 400)
      assert.match(String(at(source.json, "details")), /^source: expected "pagerduty"/)
    }))

  it.effect("are refused although it cannot be stored why", () =>
    Effect.gen(function*() {
      const { orgId } = yield* signer("sentry")
      yield* fullDisk("webhook_failures", "INSERT")
      assert.strictEqual((yield* post("sentry", "{}", { search: `?org=${orgId}` })).status, 401)
      yield* aFewTurns
      yield* freeDisk("webhook_failures")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* post("sentry", "{}", { search: `?org=${orgId}` })).status, 401)
      assert.deepStrictEqual(yield* reasonsOf(orgId), ["missing"])
    }))
})
