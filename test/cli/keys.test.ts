import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Keyring from "../../src/services/Keyring.ts"
import { Vault } from "../../src/services/Vault.ts"
import { environment, org, Platform, stored, temporary } from "../fakes/Storage.ts"
import { at } from "../http/ask.ts"
import { Programs, until } from "./program.ts"

const key = (id: string) => `${id}:${Buffer.alloc(32, id).toString("base64")}`
const keys = (...ids: ReadonlyArray<string>) => ids.map(key).join(",")

const ring = (...ids: ReadonlyArray<string>) =>
  Vault.Default.pipe(
    Layer.provide(Layer.fresh(Keyring.layer)),
    Layer.provide(environment({ ENCRYPTION_KEYS: keys(...ids) })),
    Layer.provide(Platform)
  )

const orgs = (count: number) => Array.from({ length: count }, (_, index) => org(`org-${index}`))

/** So many orgs with Linear configured, under the key `old`. */
const seeded = (count: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const vault = yield* Vault
    const rows = yield* Effect.forEach(orgs(count), (orgId) =>
      Effect.map(
        vault.seal({ orgId, integration: "linear" }, Redacted.make("{\"apiKey\":\"lin_api_cAnArY-0000\"}")),
        (sealed) => ({ orgId, integration: "linear", configuredAt: "2026-01-01T00:00:00.000Z", ...sealed })
      ))
    yield* sql.withTransaction(
      Effect.forEach(rows, (row) => sql`INSERT INTO integrations ${sql.insert(row)}`, { discard: true })
    )
  }).pipe(Effect.provide(ring("old")))

const under = (keyId: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql`SELECT COUNT(*) AS amount FROM integrations WHERE key_id = ${keyId}`
    return Number(row?.["amount"])
  })

const place = Effect.map(temporary, (directory) => ({ directory, filename: join(directory, "integrations.db") }))

// Processes take the time that they take.
layer(Programs.layer, { excludeTestServices: true, timeout: 60_000 })("keys", (it) => {
  it.scoped(
    "rotate goes on where a killed one stopped; list says when the old key may go",
    () =>
      Effect.gen(function*() {
        const { filename } = yield* place
        const { cli } = yield* Programs
        const run = cli({ DATABASE_URL: `file:${filename}`, ENCRYPTION_KEYS: keys("new", "old") })
        yield* Effect.gen(function*() {
          yield* seeded(1500)
          const killed = yield* Effect.fork(run("keys", "rotate"))
          yield* until(under("new"), (rows) => rows > 0)
          yield* Fiber.interrupt(killed)
          const done = yield* under("new")
          assert.isAbove(done, 0)
          assert.isBelow(done, 1500)
          const half = yield* run("keys", "list")
          assert.match(half.stdout, new RegExp(`^new +encrypts +${done}\\nold +decrypts +${1500 - done}$`, "m"))
          const rotated = yield* run("keys", "rotate")
          assert.deepStrictEqual([rotated.code, rotated.stderr], [0, ""])
          assert.strictEqual(
            rotated.stdout,
            `${1500 - done} values brought under key new\n0 values configured or forgotten meanwhile\n` +
              "0 values that could not be opened\n0 values left under other keys\n"
          )
          const listed = yield* run("keys", "list", "--json")
          assert.deepStrictEqual(JSON.parse(listed.stdout), [
            { id: "new", use: "encrypts", values: 1500 },
            { id: "old", use: "decrypts", values: 0 }
          ])
        }).pipe(Effect.provide(stored(filename)))
      }),
    60_000
  )

  it.scoped(
    "rotate beside a running service loses nothing that is configured meanwhile",
    () =>
      Effect.gen(function*() {
        const { filename } = yield* place
        const { cli, service } = yield* Programs
        const settings = { DATABASE_URL: `file:${filename}`, ENCRYPTION_KEYS: keys("new", "old") }
        yield* Effect.provide(seeded(1000), stored(filename))
        const ask = yield* service(settings)
        const rotating = yield* Effect.fork(cli(settings)("keys", "rotate"))
        const latest = new Map<string, string>()
        let round = 0
        while ((yield* Fiber.poll(rotating))._tag === "None" || round < 10) {
          round += 1
          // From both ends, so that some are met before the rotation and some after it.
          const some = orgs(1000).filter((_, index) => index % 50 === round % 50)
          yield* Effect.forEach(some, (orgId) =>
            Effect.gen(function*() {
              const ending = String(1000 + round)
              const answer = yield* ask("POST", "/api/integrations/configure", {
                headers: { "x-org-id": orgId },
                body: { integration: "linear", config: { apiKey: `lin_api_cAnArY-${ending}` } }
              })
              assert.strictEqual(answer.status, 200, answer.text)
              latest.set(orgId, ending)
            }), { concurrency: 8, discard: true })
        }
        const { code, stderr, stdout } = yield* Fiber.join(rotating)
        assert.deepStrictEqual([code, stderr], [0, ""], stdout)
        assert.isAbove(latest.size, 100)
        for (const orgId of orgs(1000)) {
          if (!latest.has(orgId) && orgId.length > 6) continue
          const { json } = yield* ask("GET", "/api/integrations/linear", { headers: { "x-org-id": orgId } })
          assert.strictEqual(at(json, "config", "apiKey"), `••••${latest.get(orgId) ?? "0000"}`, orgId)
        }
        assert.strictEqual(yield* Effect.provide(under("old"), stored(filename)), 0)
      }),
    120_000
  )

  it.scoped(
    "a value whose key is missing is named, without its data, and the exit is 1",
    () =>
      Effect.gen(function*() {
        const { filename } = yield* place
        const { cli } = yield* Programs
        yield* Effect.provide(seeded(2), stored(filename))
        const run = cli({ DATABASE_URL: `file:${filename}`, ENCRYPTION_KEYS: keys("new") })
        const { code, stderr, stdout } = yield* run("keys", "rotate")
        assert.strictEqual(code, 1)
        for (const orgId of orgs(2)) {
          assert.include(
            stderr,
            `The linear config of ${orgId} does not open with key old: the key is not in ENCRYPTION_KEYS`
          )
        }
        assert.include(stdout, "2 values left under other keys")
        assert.notInclude(stderr + stdout, "cAnArY")
        const listed = yield* run("keys", "list")
        assert.match(listed.stdout, /^new +encrypts +0\nold +missing +2$/m)
      }),
    60_000
  )

  it.scoped("the key file is rotated by putting a generated key in front", () =>
    Effect.gen(function*() {
      const { directory, filename } = yield* place
      const { cli } = yield* Programs
      const run = cli({ DATABASE_URL: `file:${filename}` })
      writeFileSync(join(directory, "integrations.db.key"), `${key("old")}\n`)
      yield* Effect.provide(seeded(3), stored(filename))
      const generated = yield* run("keys", "generate")
      assert.match(generated.stdout, /^k\d{8}-[0-9a-f]{4}:[A-Za-z0-9+/]{43}=\n$/)
      writeFileSync(join(directory, "integrations.db.key"), `${generated.stdout.trim()},${key("old")}\n`)
      const rotated = yield* run("keys", "rotate")
      assert.strictEqual(rotated.code, 0, rotated.stderr)
      assert.include(rotated.stdout, "3 values brought under key k2")
      writeFileSync(join(directory, "integrations.db.key"), generated.stdout)
      const listed = yield* run("keys", "list", "--json")
      assert.deepStrictEqual(JSON.parse(listed.stdout), [
        { id: generated.stdout.split(":", 1)[0], use: "encrypts", values: 3 }
      ])
    }), 60_000)

  it.scoped("generate makes nothing but a key, under the id that it is given", () =>
    Effect.gen(function*() {
      const { cli } = yield* Programs
      const run = cli({ DATABASE_URL: "not-a-database" })
      const { code, stdout } = yield* run("keys", "generate", "--id", "k7")
      assert.strictEqual(code, 0)
      assert.match(stdout, /^k7:/)
      const refused = yield* run("keys", "generate", "--id", "a:b")
      assert.strictEqual(refused.code, 1)
      const wrong = yield* run("keys", "list")
      assert.deepStrictEqual([wrong.code, wrong.stderr.split("\n").length], [1, 2], wrong.stderr)
      assert.include(wrong.stderr, "DATABASE_URL")
    }), 60_000)
})
