import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Fiber, TestClock } from "effect"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { Asleep } from "../../src/testing/InProcess.ts"
import { freeDisk, fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { accept as acceptAny, deliveries, pipeline, route } from "./pipeline.ts"

/** Everything that is accepted is about the same thing, unless it says otherwise. */
const accept = (changes: Partial<IncomingEvent> = {}, orgId = acme) =>
  acceptAny({ dedupKey: "sentry:issue:1", ...changes }, orgId)

const Live = pipeline({ dispatch: Asleep })

/** W3C Trace Context. */
const traceparent = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/

const rows = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM events ORDER BY org_id, received_at`)
const agents = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM incident_agents`)

describe("Intake", () => {
  it.effect("stores an event as it came", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 minute")
      const { agentId, eventId, repeated } = yield* accept({
        title: "Größe — 🔥",
        body: "{\"t\":\"Gr\\u00f6\\u00dfe\"}"
      })
      assert.isFalse(repeated)
      assert.match(eventId, /^evt-[0-9a-f-]{36}$/)
      assert.match(String(agentId), /^agent-incident-[a-z0-9]{6}$/)
      const stored = yield* rows
      assert.match(String(stored[0]?.["trace"]), traceparent)
      deepStrictEqual(stored.map((row): Record<string, unknown> => ({ ...row, trace: null })), [{
        orgId: acme,
        id: eventId,
        source: "sentry",
        type: "sentry.issue.created",
        dedupKey: "sentry:issue:1",
        projectId: "proj-001",
        agentId,
        title: "Größe — 🔥",
        text: null,
        url: null,
        severity: "error",
        state: "open",
        groupKey: null,
        body: "{\"t\":\"Gr\\u00f6\\u00dfe\"}",
        dataPath: "data",
        emptied: 0,
        occurredAt: "2026-03-21T14:00:00.000Z",
        receivedAt: "1970-01-01T00:01:00.000Z",
        trace: null
      }])
    }).pipe(Effect.provide(Live)))

  it.effect("answers a repeat as the first time, whatever else came with it, and stores nothing", () =>
    Effect.gen(function*() {
      const first = yield* accept()
      yield* TestClock.adjust("10 minutes")
      const again = yield* accept({ title: "other", projectId: "proj-002", forAgent: false, body: "{}" })
      deepStrictEqual(again, { ...first, repeated: true })
      assert.strictEqual((yield* rows).length, 1)
      assert.strictEqual((yield* agents).length, 1)
    }).pipe(Effect.provide(Live)))

  it.effect("fifty of the same at once are one event", () =>
    Effect.gen(function*() {
      const all = yield* Effect.all(Array.from({ length: 50 }, () => accept()), { concurrency: "unbounded" })
      assert.strictEqual(new Set(all.map(({ eventId }) => eventId)).size, 1)
      assert.strictEqual(new Set(all.map(({ agentId }) => agentId)).size, 1)
      assert.strictEqual(all.filter(({ repeated }) => !repeated).length, 1)
      assert.strictEqual((yield* rows).length, 1)
    }).pipe(Effect.provide(Live)))

  it.effect("fifty different ones at once are fifty events of one agent", () =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => `key-${index}`),
        (dedupKey) => accept({ dedupKey }),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(all.map(({ eventId }) => eventId)).size, 50)
      assert.strictEqual(new Set(all.map(({ agentId }) => agentId)).size, 1)
      assert.strictEqual((yield* rows).length, 50)
      assert.strictEqual((yield* agents).length, 1)
    }).pipe(Effect.provide(Live)))

  it.effect("gives each project of each org its own agent, for ever the same", () =>
    Effect.gen(function*() {
      const agentOf = (dedupKey: string, projectId: string | null, orgId = acme) =>
        Effect.map(accept({ dedupKey, projectId }, orgId), ({ agentId }) => agentId)
      const first = yield* Effect.all([agentOf("1", "proj-001"), agentOf("2", "proj-002"), agentOf("3", null)])
      const theirs = yield* Effect.all([agentOf("1", "proj-001", globex), agentOf("2", null, globex)])
      assert.strictEqual(new Set([...first, ...theirs]).size, 5)
      yield* TestClock.adjust("10 minutes")
      deepStrictEqual(
        yield* Effect.all([agentOf("4", "proj-001"), agentOf("5", "proj-002"), agentOf("6", null)]),
        first
      )
      deepStrictEqual(
        yield* Effect.all([agentOf("4", "proj-001", globex), agentOf("5", null, globex)]),
        theirs
      )
    }).pipe(Effect.provide(Live)))

  it.effect("takes the same dedup key of another org as another event", () =>
    Effect.gen(function*() {
      const mine = yield* accept()
      const theirs = yield* accept({}, globex)
      assert.notStrictEqual(mine.eventId, theirs.eventId)
      assert.notStrictEqual(mine.agentId, theirs.agentId)
      assert.isFalse(theirs.repeated)
      deepStrictEqual((yield* rows).map(({ orgId }) => orgId), [acme, globex])
    }).pipe(Effect.provide(Live)))

  it.effect("makes no agent for what is not for one", () =>
    Effect.gen(function*() {
      const { agentId } = yield* accept({ forAgent: false })
      assert.isNull(agentId)
      deepStrictEqual(yield* agents, [])
      deepStrictEqual((yield* rows).map(({ agentId }) => agentId), [null])
    }).pipe(Effect.provide(Live)))

  it.effect("leaves nothing behind when it cannot store all of it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* route("C1")
      yield* route("C2")
      const entries = sql`SELECT * FROM inbox_entries`
      const destinations = sql`SELECT * FROM destinations`
      for (const table of ["events", "inbox_entries", "destinations", "deliveries"]) {
        yield* fullDisk(table, "INSERT")
        assert.strictEqual((yield* Effect.exit(accept()))._tag, "Failure", table)
        const left = yield* Effect.all([rows, agents, entries, destinations, deliveries])
        deepStrictEqual(left.flat(), [], table)
        yield* freeDisk(table)
      }
      const { deliveries: n, repeated } = yield* accept()
      deepStrictEqual([repeated, n], [false, 2])
      deepStrictEqual([(yield* entries).length, (yield* deliveries).length], [1, 2])
    }).pipe(Effect.provide(Live)))

  it.effect("is not stopped half-way by a sender that hangs up", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(accept())
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* accept()
      assert.strictEqual((yield* rows).length, 1)
      assert.strictEqual((yield* agents).length, 1)
    }).pipe(Effect.provide(Live)))
})
