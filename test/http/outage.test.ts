import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at, failure } from "./ask.ts"
import { as, asNobody, Faked, newOrg } from "./service.ts"

const big = "x".repeat(60_000)
const post = (orgId: string, title: string) =>
  as(orgId)("POST", "/api/events", { body: { type: "deploy.started", title, body: big } })

/** Lets the database grow by this many pages and no further. */
const room = (pages: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql`PRAGMA page_count`
    yield* sql.unsafe(`PRAGMA max_page_count = ${Number(row?.["pageCount"]) + pages}`)
  })

layer(Faked())("a full disk", (it) => {
  it.effect("is a 503 and shows in readiness until there is room again; nothing is half stored", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      assert.strictEqual((yield* post(orgId, "before")).status, 202)
      assert.strictEqual((yield* asNobody("GET", "/health/ready")).status, 200)
      yield* room(4)
      const refused = yield* post(orgId, "during")
      assert.deepStrictEqual(
        refused.json,
        failure(503, "SERVICE_UNAVAILABLE", "The service cannot take the request now", "The disk is full")
      )
      assert.match(String(refused.headers["retry-after"]), /^\d+$/)
      const ready = yield* asNobody("GET", "/health/ready")
      assert.deepStrictEqual([ready.status, at(ready.json, "details")], [503, "The disk is full"])
      // What needs no room goes on.
      assert.strictEqual((yield* as(orgId)("GET", "/api/channel-routes")).status, 200)
      assert.strictEqual((yield* asNobody("GET", "/health")).status, 200)
      yield* room(1_000_000)
      assert.strictEqual((yield* asNobody("GET", "/health/ready")).status, 200)
      assert.strictEqual((yield* post(orgId, "after")).status, 202)
      const sql = yield* SqlClient.SqlClient
      const titles = yield* sql`SELECT title FROM events WHERE org_id = ${orgId} ORDER BY id`
      assert.deepStrictEqual(titles.map(({ title }) => title), ["before", "after"])
    }))
})
