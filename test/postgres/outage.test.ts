import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { fullDisk } from "../fakes/fullDisk.ts"
import { at, failure } from "../http/ask.ts"
import { as, asNobody, Faked, newOrg } from "../http/service.ts"
import { administer, ownServer } from "./own.ts"
import type { Server } from "./server.ts"

class Postgres extends Context.Tag("test/Postgres")<Postgres, Server>() {}

/** The service's databases are made on a server of this test's own, which may be stopped. */
const Own = Layer.scoped(
  Postgres,
  Effect.tap(ownServer, ({ url }) =>
    Effect.sync(() => {
      process.env["TEST_DATABASE_URL"] = url
      delete process.env["TEST_DATABASE_TEMPLATE"]
    }))
)

const post = (orgId: string, title: string) =>
  as(orgId)("POST", "/api/events", { body: { type: "deploy.started", title } })

const readiness = Effect.map(asNobody("GET", "/health/ready"), ({ json, status }) => [status, at(json, "details")])

const database = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => Effect.map(sql<{ name: string }>`SELECT current_database() AS name`, ([row]) => row?.name ?? "")
)

/**
 * Ends the service's connections, and waits until they are gone: a request that comes while they end may still be given
 * one, and be told that the database does not answer.
 */
const cut = Effect.fnUntraced(function*(url: string, name: string) {
  const ended = yield* administer(
    url,
    `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
  )
  const pids = ended.flat().map(({ pid }) => pid)
  yield* administer(url, `SELECT pid FROM pg_stat_activity WHERE pid IN (${[0, ...pids].join(", ")})`).pipe(
    Effect.repeat({ until: ([left = []]) => left.length === 0 })
  )
})

const unavailable = (details: string) =>
  failure(503, "SERVICE_UNAVAILABLE", "The service cannot take the request now", details)

/** Neither the service nor its database has to be told: the next request finds a connection that works. */
const works = (orgId: string, title: string) =>
  Effect.gen(function*() {
    assert.strictEqual((yield* post(orgId, title)).status, 202)
    assert.deepStrictEqual(yield* readiness, [200, undefined])
  })

const titles = (orgId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      Effect.map(
        sql`SELECT title FROM events WHERE org_id = ${orgId} ORDER BY id`,
        (rows) => rows.map(({ title }) => title)
      )
  )

layer(Layer.provideMerge(Faked(), Own))("an outage of PostgreSQL", (it) => {
  it.effect("of connections that are cut is not even noticed by whoever comes next", () =>
    Effect.gen(function*() {
      const { url } = yield* Postgres
      const orgId = yield* newOrg
      yield* works(orgId, "before")
      const name = yield* database
      yield* cut(url, name)
      yield* works(orgId, "after")
      assert.deepStrictEqual(yield* titles(orgId), ["before", "after"])
    }))

  it.effect("of the server is a 503 and shows in readiness until it is back", () =>
    Effect.gen(function*() {
      const { halt, resume } = yield* Postgres
      const orgId = yield* newOrg
      yield* works(orgId, "before")
      yield* Effect.promise(halt)
      const refused = yield* post(orgId, "during")
      assert.deepStrictEqual(refused.json, unavailable("The database does not answer"))
      assert.match(String(refused.headers["retry-after"]), /^\d+$/)
      assert.deepStrictEqual(yield* readiness, [503, "The database does not answer"])
      assert.strictEqual((yield* asNobody("GET", "/health")).status, 200)
      yield* Effect.promise(resume)
      yield* works(orgId, "after")
      assert.deepStrictEqual(yield* titles(orgId), ["before", "after"])
    }))

  it.effect("of writing, as after a failover to a standby, leaves what only reads", () =>
    Effect.gen(function*() {
      const { url } = yield* Postgres
      const orgId = yield* newOrg
      yield* works(orgId, "before")
      const name = yield* database
      const setReadOnly = (value: "on" | "off") =>
        Effect.zipRight(
          administer(url, `ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`),
          cut(url, name)
        )
      yield* setReadOnly("on")
      assert.deepStrictEqual((yield* post(orgId, "during")).json, unavailable("The database cannot be written"))
      assert.deepStrictEqual(yield* readiness, [503, "The database cannot be written"])
      assert.strictEqual((yield* as(orgId)("GET", "/api/channel-routes")).status, 200)
      yield* setReadOnly("off")
      assert.deepStrictEqual(yield* readiness, [200, undefined])
      yield* works(orgId, "after")
      assert.deepStrictEqual(yield* titles(orgId), ["before", "after"])
    }))

  it.effect("of room on its disk is a 503, and nothing is half stored", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* fullDisk("events", "INSERT", `NEW.org_id = '${orgId}'`)
      assert.deepStrictEqual((yield* post(orgId, "during")).json, unavailable("The disk is full"))
      // What the probe writes has room.
      assert.deepStrictEqual(yield* readiness, [200, undefined])
      assert.deepStrictEqual(yield* titles(orgId), [])
    }))

  it.effect("of a statement that is ended, as one that takes too long, is a 503", () =>
    Effect.gen(function*() {
      const { url } = yield* Postgres
      const sql = yield* SqlClient.SqlClient
      const orgId = yield* newOrg
      const name = yield* database
      const endWaiting = administer(
        url,
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND wait_event_type = 'Lock'`
      )
      const refused = yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`LOCK TABLE events`
        const posted = yield* Effect.fork(post(orgId, "during"))
        const ended = Effect.repeat(endWaiting, { until: ([pids = []]) => pids.length > 0 })
        // Whatever else it was answered is to be seen.
        yield* Effect.raceFirst(ended, Fiber.await(posted))
        return yield* Fiber.join(posted)
      }))
      assert.deepStrictEqual(refused.json, unavailable("The database does not answer"))
      yield* works(orgId, "after")
    }))
})
