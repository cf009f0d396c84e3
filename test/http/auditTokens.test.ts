import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"
import { bearer } from "./tokens.ts"

const body = { eventType: "deploy.*", channel: "slack", channelId: "C0DEPLOY" }

const logged = (orgId: string) =>
  Effect.gen(function*() {
    const { headers } = yield* bearer(orgId, { scopes: ["admin"] })
    const { json } = yield* as(orgId)("GET", "/api/audit", { headers })
    const entries = at(json, "entries")
    assert.isArray(entries)
    return Object.values(Object(entries)).map((one) =>
      `${at(one, "caller")} ${at(one, "action")} ${at(one, "outcome")}`
    )
  })

const idOf = (token: string) => token.slice(0, "int_".length + 16)

layer(Faked({ environment: { AUTH: "tokens" } }))("the audit log, where callers have tokens", (it) => {
  it.effect("names the caller's token, also of what that may not do, and be it the first that the org does", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const reader = yield* bearer(orgId, { scopes: ["read"] })
      const writer = yield* bearer(orgId, { scopes: ["write"] })
      yield* as(orgId)("POST", "/api/channel-routes", { body, headers: reader.headers })
      yield* as(orgId)("POST", "/api/channel-routes", { body: {}, headers: writer.headers })
      yield* as(orgId)("POST", "/api/channel-routes", { body, headers: writer.headers })
      assert.deepStrictEqual(yield* logged(orgId), [
        `${idOf(writer.token)} channelRoutes.create ok`,
        `${idOf(writer.token)} channelRoutes.create VALIDATION_ERROR`,
        `${idOf(reader.token)} channelRoutes.create FORBIDDEN`
      ])
    }))

  it.effect("gets nothing from who has no token of the organisation, known or not", () =>
    Effect.gen(function*() {
      const [orgId, other] = [yield* newOrg, yield* newOrg]
      const own = yield* bearer(orgId)
      const others = yield* bearer(other)
      yield* as(orgId)("POST", "/api/channel-routes", { body, headers: own.headers })
      const sql = yield* SqlClient.SqlClient
      const counts =
        sql`SELECT (SELECT COUNT(*) FROM audit_log) AS entries, (SELECT COUNT(*) FROM audit_heads) AS heads`
      const before = yield* counts
      const unknown = { authorization: `Bearer int_${"0".repeat(16)}_${"A".repeat(43)}` }
      for (const target of [orgId, yield* newOrg]) {
        for (const [headers, status] of [[{}, 401], [unknown, 401], [others.headers, 403]] as const) {
          const answer = yield* as(target)("POST", "/api/channel-routes", { body, headers })
          assert.strictEqual(answer.status, status)
        }
      }
      assert.deepStrictEqual(yield* counts, before)
      assert.deepStrictEqual(yield* logged(orgId), [`${idOf(own.token)} channelRoutes.create ok`])
    }))

  it.effect("is read with the scope admin alone", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const statusWith = (scopes: ReadonlyArray<"read" | "write" | "admin">) =>
        Effect.gen(function*() {
          const [first, ...rest] = scopes
          const { headers } = yield* bearer(orgId, first === undefined ? {} : { scopes: [first, ...rest] })
          return (yield* as(orgId)("GET", "/api/audit", { headers })).status
        })
      assert.deepStrictEqual([yield* statusWith(["read", "write"]), yield* statusWith(["admin"])], [403, 200])
    }))
})
