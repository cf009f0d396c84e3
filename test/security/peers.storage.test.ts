import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readlinkSync } from "node:fs"
import { basename, join } from "node:path"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { temporary } from "../fakes/Storage.ts"
import { at } from "../http/ask.ts"
import { as, asNobody, configure, newOrg } from "../http/service.ts"
import { onDisk } from "./onDisk.ts"
import { recording } from "./recording.ts"

const issue = (id: string) => JSON.stringify({ action: "created", data: { issue: { id, title: `issue ${id}` } } })
const secret = "sentry-client-secret"
const sentry = { integration: "sentry", config: { authToken: "t", organization: "acme", webhookSecret: secret } }
const webhook = (orgId: string, id: string) =>
  asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, {
    body: issue(id),
    headers: signatureHeaders.sentry(secret, issue(id))
  })

/** Every file below a directory. */
const filesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted()

/** How many connections to the database this process has open, by the files. */
const descriptors = (filename: string) =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return []
    }
  }).filter((target) => target.startsWith(filename)).length

const rowsOf = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`
  const counts = yield* Effect.forEach(tables, ({ name }) =>
    Effect.map(
      sql`SELECT COUNT(*) AS count FROM ${sql(String(name))}`,
      ([row]) => [String(name), row?.["count"]] as const
    ))
  return Object.fromEntries(counts)
})

describe("peers' defects of storage", () => {
  it.scopedLive("3: an organisation's id never becomes a path", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const filename = join(directory, "service", "data", "integrations.db")
      yield* Effect.gen(function*() {
        yield* configure("org-first", sentry)
        const before = filesIn(directory)
        const rows = yield* rowsOf
        const ids = [
          "../../../x",
          "..",
          "../x",
          "/etc/x",
          "a/../../x",
          "a/b",
          "..\\..\\x",
          "%2e%2e%2fx",
          "..%2f..%2fx",
          "a%00",
          "....//x",
          "~",
          ".x",
          "file:x",
          "C:\\x"
        ]
        for (const id of ids) {
          for (
            const answer of [
              yield* configure(id, sentry),
              yield* as(id)("GET", "/api/integrations/sentry"),
              yield* as(id)("DELETE", "/api/integrations/sentry")
            ]
          ) assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "ORG_ID_INVALID"], id)
          yield* webhook(encodeURIComponent(id), "1")
        }
        assert.deepStrictEqual(filesIn(directory), before)
        assert.deepStrictEqual(yield* rowsOf, rows)
        assert.deepStrictEqual([...new Set(before.map((file) => basename(file).replace(/-(wal|shm)$/, "")))], [
          "integrations.db",
          "integrations.db.key"
        ])
      }).pipe(Effect.provide(onDisk(filename)))
    }))

  it.scopedLive(
    "8: 20 new organisations configure 4 integrations at once, and 200 webhooks come at once: nothing is lost",
    () =>
      Effect.gen(function*() {
        const filename = join(yield* temporary, "integrations.db")
        const orgs = yield* Effect.replicateEffect(newOrg, 20)
        const wanted = orgs.flatMap((orgId) =>
          sandboxCredentials.slice(0, 4).map((body) => ({
            orgId,
            body: {
              ...body,
              config: { ...body.config, ...(body.integration === "sentry" && { webhookSecret: secret }) }
            }
          }))
        )
        const shown = Effect.forEach(wanted, ({ body, orgId }) =>
          Effect.map(as(orgId)("GET", `/api/integrations/${body.integration}`), ({ json, status }) =>
            status === 200 && at(json, "status") === "active"), { concurrency: 8 })
        const stored = Effect.gen(function*() {
          assert.strictEqual((yield* shown).filter(Boolean).length, 80)
          const { events, inbox_entries, integrations } = yield* rowsOf
          assert.deepStrictEqual({ events, inbox_entries, integrations }, {
            events: 200,
            inbox_entries: 200,
            integrations: 80
          })
        })
        yield* Effect.gen(function*() {
          const configured = yield* Effect.forEach(wanted, ({ body, orgId }) =>
            configure(orgId, body), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(
            new Set(configured.map(({ status }) =>
              status
            )),
            new Set([200])
          )
          const taken = yield* Effect.forEach(
            Array.from({ length: 200 }, (_, n) => n),
            (n) => webhook(orgs[n % orgs.length] ?? "", String(n)),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(new Set(taken.map(({ status }) => status)), new Set([200]))
          yield* stored
        }).pipe(Effect.provide(onDisk(filename)))
        // The next process reads the same.
        yield* Effect.provide(stored, onDisk(filename))
      }),
    60_000
  )

  it.scopedLive("9: taking an event in reads no table from end to end", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "integrations.db")
      const { spans, tracer } = recording()
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const orgId = yield* newOrg
        yield* configure(orgId, sentry)
        yield* as(orgId)("POST", "/api/channel-routes", {
          body: { eventType: "*", channel: "slack", channelId: "C0ALERTS" }
        })
        spans.length = 0
        // Twice the same, another one, and one of our own with its repeat.
        for (const id of ["1", "1", "2"]) assert.strictEqual((yield* webhook(orgId, id)).status, 200)
        const event = { type: "deploy.done", title: "t", dedupKey: "k", groupKey: "g" }
        for (let time = 0; time < 2; time++) {
          assert.strictEqual((yield* as(orgId)("POST", "/api/events", { body: event })).status, 202)
        }
        const statements = new Set(
          spans.flatMap(({ attributes }) => {
            const text = attributes.get("db.query.text")
            return typeof text === "string" && /^\s*(SELECT|INSERT|UPDATE|DELETE)/i.test(text) ? [text] : []
          })
        )
        assert.isAbove(statements.size, 8)
        for (const table of ["events", "deliveries", "inbox_entries", "incident_agents", "destinations"]) {
          assert.isTrue([...statements].some((text) => text.includes(table)), table)
        }
        /** The tables that a statement reads from end to end. The rest of what is scanned are its own subqueries. */
        const scans = (text: string) =>
          sql.unsafe<{ readonly detail: string }>(
            `EXPLAIN QUERY PLAN ${text}`,
            Array.from({ length: text.split("?").length - 1 }, () => null)
          ).pipe(
            Effect.map((plan) => plan.map(({ detail }) => detail)),
            Effect.map((steps) => steps.filter((step) => /^SCAN (?!CONSTANT ROW|\(|free\b|held\b|first\b)/.test(step)))
          )
        assert.deepStrictEqual(yield* scans("SELECT id FROM events WHERE title = ?"), ["SCAN events"])
        for (const text of statements) assert.deepStrictEqual(yield* scans(text), [], text)
      }).pipe(Effect.provide(onDisk(filename)), Effect.withTracer(tracer))
    }))

  it.scopedLive("14: 130 made-up organisations leave no connection and no row behind", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "integrations.db")
      yield* Effect.gen(function*() {
        yield* configure(yield* newOrg, sentry)
        const before = { descriptors: descriptors(filename), rows: yield* rowsOf }
        const orgs = yield* Effect.replicateEffect(newOrg, 130)
        const paths = [
          "/api/integrations/status",
          "/api/channel-routes",
          "/api/agents",
          "/api/deliveries",
          "/api/webhooks/failures",
          "/api/integrations/linear/teams",
          "/api/agents/agent-incident-abc123/incidents"
        ]
        yield* Effect.forEach(orgs, (orgId) =>
          Effect.gen(function*() {
            const [status] = yield* Effect.forEach(paths, (path) => as(orgId)("GET", path))
            assert.strictEqual(at(status?.json, "integrations", 0, "status"), "inactive")
            assert.strictEqual((yield* webhook(orgId, "1")).status, 401)
          }), { concurrency: 16 })
        assert.deepStrictEqual(yield* rowsOf, before.rows)
        assert.strictEqual(descriptors(filename), before.descriptors)
        assert.isAbove(before.descriptors, 0)
        // A database that fails is said, and not shown as an organisation that has configured nothing.
        const sql = yield* SqlClient.SqlClient
        yield* sql`ALTER TABLE integrations RENAME TO elsewhere`
        const answer = yield* as(yield* newOrg)("GET", "/api/integrations/status")
        assert.include([500, 503], answer.status)
      }).pipe(Effect.provide(onDisk(filename)))
    }))
})
