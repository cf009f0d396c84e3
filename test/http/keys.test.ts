import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Encoding, Layer, Redacted } from "effect"
import * as Keyring from "../../src/services/Keyring.ts"
import { Vault } from "../../src/services/Vault.ts"
import { org } from "../fakes/Storage.ts"
import { failure } from "./ask.ts"
import { heard, Listening } from "./log.ts"
import { as, asNobody, configuredOrg, Faked } from "./service.ts"

const internal = { status: 500, body: failure(500, "INTERNAL_ERROR", "Internal error") }

/** Somewhere in the log, on one line. */
const saying = (...words: ReadonlyArray<string>) => heard.filter((line) => words.every((word) => line.includes(word)))

/** Replaces what the vault opens for the org's integration. */
const sealAnew = (orgId: string, integration: string, text: string) =>
  Effect.gen(function*() {
    const vault = yield* Vault
    const sql = yield* SqlClient.SqlClient
    const { keyId, sealed } = yield* vault.seal({ orgId: org(orgId), integration }, Redacted.make(text))
    yield* sql`UPDATE integrations SET key_id = ${keyId}, sealed = ${sealed}
               WHERE org_id = ${orgId} AND integration = ${integration}`
  })

/** Layers are shared by reference, so beside the service this is its own key. */
const Keys = Vault.Default.pipe(Layer.provide(Keyring.layerEphemeral))

const Logged = Layer.provide(Layer.merge(Faked(), Keys), Listening)

layer(Logged)("a config whose key is missing", (it) => {
  it.effect("is an INTERNAL_ERROR to the caller; the log names key and organisation, and no data", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE integrations SET key_id = 'k-gone' WHERE org_id = ${orgId}`
      const rows = yield* sql`SELECT sealed FROM integrations WHERE org_id = ${orgId}`
      for (const path of ["/api/integrations/pagerduty", "/api/integrations/pagerduty/oncall"]) {
        heard.length = 0
        const answer = yield* as(orgId)("GET", path)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal)
        const line = `The pagerduty config of ${orgId} does not open with key k-gone: the key is not in ENCRYPTION_KEYS`
        assert.lengthOf(saying("ERROR", line), 1, heard.join("\n"))
        for (const { sealed } of rows) assert.notInclude(heard.join("\n"), String(sealed))
      }
    }))

  it.effect("verifies no webhook; the log names key and organisation", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE integrations SET key_id = 'k-gone' WHERE org_id = ${orgId}`
      heard.length = 0
      const answer = yield* asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, {
        headers: { "sentry-hook-signature": Encoding.encodeHex("x".repeat(32)) },
        body: {}
      })
      assert.strictEqual(answer.status, 401)
      assert.isNotEmpty(saying("ERROR", `The sentry config of ${orgId} does not open with key k-gone`))
    }))

  for (const text of ["{\"apiKey\":[\"cAnArY-s3cr3t\"]}", "cAnArY-s3cr3t", "{\"apiKey\":\"cAnArY-s3cr3t\",\"x\":1}"]) {
    it.effect(`and one that this version cannot read say so without what is in it: ${text}`, () =>
      Effect.gen(function*() {
        const orgId = yield* configuredOrg
        yield* sealAnew(orgId, "pagerduty", text)
        heard.length = 0
        for (const path of ["/api/integrations/pagerduty", "/api/integrations/pagerduty/oncall"]) {
          const answer = yield* as(orgId)("GET", path)
          assert.deepStrictEqual({ status: answer.status, body: answer.json }, internal)
        }
        assert.lengthOf(saying("ERROR", orgId, "this version cannot read"), 2, heard.join("\n"))
        assert.notInclude(heard.join("\n"), "cAnArY")
      }))
  }
})
