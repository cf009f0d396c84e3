import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Array, Context, DateTime, Effect, Layer, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { copyToPostgres } from "../../src/persistence/copy/copy.ts"
import { EventRow, EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { layerServer } from "../../src/persistence/Sql.ts"
import { fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex, stored, temporary } from "../fakes/Storage.ts"
import { administer, ownServer, settingsOf } from "./own.ts"
import type { Server } from "./server.ts"

class Postgres extends Context.Tag("test/Postgres")<Postgres, Server>() {}

/** A new database without anything in it. */
const newTarget = Effect.gen(function*() {
  const { port, url } = yield* Postgres
  const name = `copy_${randomUUID().replaceAll("-", "")}`
  yield* administer(url, `CREATE DATABASE ${name}`)
  return settingsOf(`postgres://tests:canary@127.0.0.1:${port}/${name}`)
})

type Target = Effect.Effect.Success<typeof newTarget>

const at = DateTime.unsafeMake("2026-03-21T14:00:00.123Z")

/** Ids that a database with a collation of its own would sort otherwise, more than a batch of them. */
const ids = Array.makeBy(350, (n) => `${["evt-", "Evt-", "evt_", "é-"][n % 4]}${n}`)

const event = (id: string) =>
  new EventRow({
    orgId: Number.parseInt(id.replaceAll(/\D/g, "")) % 3 === 0 ? globex : acme,
    id,
    source: "sentry",
    type: "sentry.issue.created",
    dedupKey: id,
    projectId: null,
    agentId: null,
    title: `T\u0000it\ud83d\ude00le ' " \\ ${id}`,
    text: null,
    url: null,
    severity: "error",
    state: "open",
    groupKey: null,
    body: "{\"a\": \"\\u0000\"}",
    dataPath: "data",
    occurredAt: at,
    receivedAt: at
  })

/** A file that a service has left behind. */
const installation = Effect.gen(function*() {
  const file = join(yield* temporary, "integrations.db")
  yield* Effect.gen(function*() {
    const events = yield* EventsRepo
    const integrations = yield* IntegrationsRepo
    yield* events.transaction(Effect.forEach(ids, (id) => events.insert(event(id)), { discard: true }))
    yield* integrations.put({ orgId: acme, integration: "slack", keyId: "k1", sealed: "c2VhbGVk", configuredAt: at })
  }).pipe(Effect.provide(stored(file)))
  return file
})

const inFile = <A, E>(file: string, use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.provide(use, Layer.fresh(stored(file)))
const inTarget = <A, E>(target: Target, use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.provide(use, Layer.fresh(layerServer(target)))
const query = (statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(statement))

/** The oldest is the transaction that has written the first of them. */
const copiedSoFar = "SELECT COUNT(*) AS count, MIN(xmin::text::bigint) AS oldest FROM events"

const copy = (file: string, target: Target) => Effect.provide(copyToPostgres(file, target), NodeContext.layer)

/** What the operator is told. */
const refusal = (file: string, target: Target) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(copy(file, target))
    assert.notInclude(`${error.message}${JSON.stringify(error)}`, "canary")
    assert.notInclude(error.message, "\n")
    return error.message
  })

layer(Layer.scoped(Postgres, ownServer))("a copy from SQLite to PostgreSQL", (it) => {
  it.scoped("is the same, and sealed as it was", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      const copied = yield* copy(file, target)
      const rows = Object.fromEntries(copied.map(({ rows, table }) => [table, rows]))
      deepStrictEqual([rows["events"], rows["integrations"], rows["deliveries"]], [350, 1, 0])
      const [sealed] = yield* inTarget(target, query("SELECT * FROM integrations"))
      deepStrictEqual(sealed, (yield* inFile(file, query("SELECT * FROM integrations")))[0])
      const [first, ...others] = yield* inTarget(target, query("SELECT * FROM events ORDER BY org_id, id"))
      assert.strictEqual(others.length, 349)
      // PostgreSQL has no NUL in its text: what stands for it is the one difference.
      assert.match(String(first?.["title"]), /^T\ufffdit\ud83d\ude00le ' " \\ /)
      assert.strictEqual(first?.["body"], "{\"a\": \"\\u0000\"}")
      // Done: a service starts on it, and there is nothing to go on with.
      deepStrictEqual(
        yield* inTarget(target, query("SELECT to_regclass('unfinished_copy') AS left")),
        [{ left: null }]
      )
      assert.match(yield* refusal(file, target), /^The target is not empty: events, integrations$/)
    }))

  it.scoped("that was ended goes on where it was, and no service starts on half of it", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      yield* inTarget(target, fullDisk("events", "INSERT", "NEW.id = 'é-255'"))
      assert.match(yield* refusal(file, target), /^The disk of the database at .* is full$/)
      const started = yield* Effect.flip(inTarget(target, Effect.void))
      assert.include(started.message, "holds an unfinished copy of a SQLite file")
      const url = Redacted.value(target.url)
      const [[before] = []] = yield* administer(url, copiedSoFar)
      assert.isAbove(Number(before?.["count"]), 0)
      assert.isBelow(Number(before?.["count"]), 350)
      yield* administer(url, "DROP TRIGGER full_disk ON events")
      const events = (yield* copy(file, target)).find(({ table }) => table === "events")
      assert.strictEqual(events?.rows, 350)
      // What was there has been left as it was.
      const [[after] = []] = yield* administer(url, copiedSoFar)
      assert.strictEqual(after?.["oldest"], before?.["oldest"])
    }))

  it.scoped("finds a source that has changed since it began", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      yield* inTarget(target, fullDisk("events", "INSERT", "NEW.id = 'é-255'"))
      yield* refusal(file, target)
      yield* administer(Redacted.value(target.url), "DROP TRIGGER full_disk ON events")
      yield* inFile(file, query("UPDATE events SET title = 'changed' WHERE id = 'Evt-1'"))
      assert.match(
        yield* refusal(file, target),
        /^The copy of events differs: 350 rows .* with other contents; the source/
      )
      assert.include((yield* Effect.flip(inTarget(target, Effect.void))).message, "unfinished copy")
    }))

  it.scoped("of another installation does not go on in it", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      yield* inTarget(target, fullDisk("events", "INSERT"))
      yield* refusal(file, target)
      const other = yield* installation
      yield* inFile(other, query("UPDATE effect_sql_migrations SET created_at = '2020-01-01 00:00:00'"))
      assert.match(yield* refusal(other, target), /unfinished copy of another installation/)
    }))

  it.scoped("is refused while somebody has the file open, and keeps it from being opened", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      const told = yield* Effect.provide(refusal(file, target), Layer.fresh(stored(file)))
      assert.strictEqual(told, `${file} is in use: stop the service first`)
      assert.strictEqual((yield* copy(file, target)).find(({ table }) => table === "events")?.rows, 350)
    }))

  it.scoped("is refused while a service is on the target", () =>
    Effect.gen(function*() {
      const file = yield* installation
      const target = yield* newTarget
      const told = yield* inTarget(target, Effect.zipRight(query("SELECT 1"), refusal(file, target)))
      assert.strictEqual(told, "A service is connected to the target: stop it first")
    }))

  it.scoped("is refused where the source is none, or of another version", () =>
    Effect.gen(function*() {
      const target = yield* newTarget
      const directory = yield* temporary
      const absent = join(directory, "absent.db")
      assert.strictEqual(yield* refusal(absent, target), `There is no file ${absent}`)
      const text = join(directory, "text.db")
      yield* Effect.sync(() => writeFileSync(text, "no database at all".repeat(100)))
      assert.strictEqual(yield* refusal(text, target), `${text} is no SQLite database`)
      const empty = join(directory, "empty.db")
      yield* Effect.sync(() => writeFileSync(empty, ""))
      assert.strictEqual(yield* refusal(empty, target), `${empty} holds no data of this service`)
      const older = yield* installation
      yield* inFile(older, query("DELETE FROM effect_sql_migrations WHERE migration_id = 6"))
      assert.match(
        yield* refusal(older, target),
        /is of an older version: start this version of the service on it once/
      )
      const newer = yield* installation
      yield* inFile(newer, query("INSERT INTO effect_sql_migrations (migration_id, name) VALUES (9999, 'later')"))
      assert.match(yield* refusal(newer, target), /is of a newer version than this program$/)
      // None of them has touched the target.
      deepStrictEqual(yield* administer(Redacted.value(target.url), "SELECT to_regclass('events') AS left"), [
        [{ left: null }]
      ])
    }))
})
