import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { AuditEntry } from "../../src/domain/AuditEntry.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AuditRepo } from "../../src/persistence/AuditRepo.ts"
import { acme, globex, stored, temporary } from "../fakes/Storage.ts"
import { Programs } from "./program.ts"

const entry = (orgId: OrgId, number: number) =>
  new AuditEntry({
    orgId,
    at: DateTime.unsafeMake("2026-03-21T14:15:00Z"),
    tokenId: null,
    action: "channelRoutes.create",
    target: `route-${number}`,
    outcome: "ok",
    status: 201,
    requestId: `r-${number}`
  })

const append = (orgId: OrgId, count: number) =>
  Effect.flatMap(
    AuditRepo,
    (repo) => repo.append(Array.from({ length: count }, (_, index) => ({ entry: entry(orgId, index), begins: true })))
  )

/** A database with a log of two orgs, and the command line over it. */
const given = Effect.gen(function*() {
  const directory = yield* temporary
  const filename = join(directory, "integrations.db")
  const { cli } = yield* Programs
  const inDatabase = Effect.provide(stored(filename))
  yield* inDatabase(Effect.zipRight(append(acme, 12), append(globex, 1)))
  return { directory, inDatabase, run: cli({ DATABASE_URL: `file:${filename}` }) }
})

// Processes take the time that they take.
layer(Programs.layer, { excludeTestServices: true, timeout: 60_000 })("audit", (it) => {
  it.scoped("verify names organisation and entry of what is wrong, and exits with 1", () =>
    Effect.gen(function*() {
      const { inDatabase, run } = yield* given
      const whole = yield* run("audit", "verify")
      assert.deepStrictEqual(whole, {
        code: 0,
        stdout: "org-acme-corp: 12 entries, unbroken\norg-globex: 1 entry, unbroken\n",
        stderr: ""
      })
      yield* inDatabase(Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql`UPDATE audit_log SET target = 'route-666' WHERE org_id = ${acme} AND number = 7`))
      const edited = yield* run("audit", "verify")
      assert.deepStrictEqual([edited.code, edited.stdout], [1, "org-globex: 1 entry, unbroken\n"])
      assert.strictEqual(
        edited.stderr,
        "org-acme-corp: entry 7 does not have the hash of what it says: it was edited, or stands in another's place\n" +
          "The audit log of 1 of 2 organisations is broken\n"
      )
      assert.strictEqual((yield* run("audit", "verify", "--org", globex)).code, 0)
      assert.strictEqual((yield* run("audit", "verify", "--org", acme)).code, 1)
    }), 60_000)

  it.scoped(
    "head prints what verify later finds a log by that was written anew or is gone",
    () =>
      Effect.gen(function*() {
        const { directory, inDatabase, run } = yield* given
        const heads = yield* run("audit", "head")
        assert.match(heads.stdout, /^org-acme-corp:12:[0-9a-f]{64}\norg-globex:1:[0-9a-f]{64}\n$/)
        const file = join(directory, "heads.txt")
        writeFileSync(file, heads.stdout)
        yield* inDatabase(append(acme, 3))
        assert.strictEqual((yield* run("audit", "verify", "--heads", file)).code, 0)
        yield* inDatabase(Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          yield* sql`DELETE FROM audit_log`
          yield* sql`DELETE FROM audit_heads`
          yield* append(acme, 11)
        }))
        assert.strictEqual((yield* run("audit", "verify")).code, 0)
        const found = yield* run("audit", "verify", "--heads", file)
        assert.deepStrictEqual([found.code, found.stdout], [1, ""])
        assert.strictEqual(
          found.stderr,
          "org-acme-corp: entry 12 is missing: the log once had it as its head\n" +
            "org-globex: entry 1 is missing: the log once had it as its head\n" +
            "The audit log of 2 of 2 organisations is broken\n"
        )
        const [ofAcme = ""] = heads.stdout.split("\n")
        assert.strictEqual((yield* run("audit", "verify", "--head", ofAcme)).code, 1)
      }),
    60_000
  )

  it.scoped("verify takes nothing else for a head", () =>
    Effect.gen(function*() {
      const { run } = yield* given
      const wrong = yield* run("audit", "verify", "--head", "org-acme-corp:12:abc")
      assert.strictEqual(wrong.code, 1)
      assert.include(wrong.stdout + wrong.stderr, "expected <org>:<number>:<hash>, as audit head prints it")
    }), 60_000)
})
