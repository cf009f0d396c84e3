import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { temporary } from "../fakes/Storage.ts"
import { at, makeAsk } from "../http/ask.ts"
import { built, command, type Ended, service } from "./built.ts"

class Built extends Context.Tag("test/Built")<Built, string>() {
  static readonly layer = Layer.scoped(Built, built)
}

/** A database of its own, and the command on it. */
const workplace = Effect.gen(function*() {
  const programs = yield* Built
  const directory = yield* temporary
  const environment = { DATABASE_URL: `file:${join(directory, "integrations.db")}` }
  const tokens = (...parameters: ReadonlyArray<string>) => command(programs, ["tokens", ...parameters], environment)
  return { programs, directory, environment, tokens }
})

const wholeToken = /^int_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/
const jsonOf = ({ stdout }: Ended): unknown => JSON.parse(stdout)
const idOf = (token: string) => token.slice(0, 20)
const secretOf = (token: string) => token.slice(21)

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Everything that is in the files of a directory. */
const contents = (directory: string): string =>
  readdirSync(directory).map((file) => readFileSync(join(directory, file), "latin1")).join("\n")

layer(Built.layer, { excludeTestServices: true, timeout: 60_000 })("npm run tokens", (it) => {
  it.scoped("create prints the token alone on stdout, this once", () =>
    Effect.gen(function*() {
      const { directory, tokens } = yield* workplace
      const created = yield* tokens("create", "--org", "org-acme-corp", "--name", "ci")
      assert.strictEqual(created.code, 0, created.stderr)
      const token = created.stdout.trimEnd()
      assert.match(token, wholeToken)
      assert.include(created.stderr, idOf(token))
      assert.notInclude(created.stderr, secretOf(token))
      const listed = yield* tokens("list", "--json")
      assert.notInclude(listed.stdout + listed.stderr + contents(directory), secretOf(token))
      assert.deepInclude(Object(at(jsonOf(listed), 0)), {
        id: idOf(token),
        org: "org-acme-corp",
        name: "ci",
        scopes: ["read", "write"],
        expiresAt: null,
        lastUsedAt: null,
        revokedAt: null
      })
    }))

  it.scoped("create takes scopes, a lifetime and an operator's organisation", () =>
    Effect.gen(function*() {
      const { tokens } = yield* workplace
      const options = ["--scope", "admin", "--scope", "read", "--scope", "admin", "--expires-in", "30 days", "--json"]
      const created = jsonOf(yield* tokens("create", "--org", "*", "--name", "on call", ...options))
      assert.match(String(at(created, "token")), wholeToken)
      assert.deepInclude(Object(created), { org: "*", name: "on call", scopes: ["read", "admin"] })
      const age = Date.parse(String(at(created, "expiresAt"))) - Date.parse(String(at(created, "createdAt")))
      assert.strictEqual(age, 30 * 24 * 3_600_000)
      const [listed] = Object.values(Object(jsonOf(yield* tokens("list", "--json"))))
      assert.isFalse("token" in Object(listed))
      assert.deepStrictEqual({ ...Object(listed), token: at(created, "token") }, created)
    }))

  it.scoped("list is a table, of one organisation or of all", () =>
    Effect.gen(function*() {
      const { tokens } = yield* workplace
      const acme = (yield* tokens("create", "--org", "org-acme-corp", "--name", "ci")).stdout.trimEnd()
      const globex = (yield* tokens("create", "--org", "org-globex", "--name", "a longer name")).stdout.trimEnd()
      const lines = (yield* tokens("list")).stdout.trimEnd().split("\n")
      assert.lengthOf(lines, 3)
      assert.match(lines[0] ?? "", /^ID +ORG +NAME +SCOPES +CREATED +EXPIRES +LAST USED +REVOKED$/)
      const row = /^int_[0-9a-f]{16} {2}org-acme-corp {2}ci {13}read,write {2}20\S+Z {2}never {4}never {6}-$/
      assert.match(lines[1] ?? "", row)
      const one = (yield* tokens("list", "--org", "org-globex")).stdout
      assert.include(one, idOf(globex))
      assert.notInclude(one, idOf(acme))
    }))

  const mistakes: ReadonlyArray<readonly [says: RegExp, ...parameters: ReadonlyArray<string>]> = [
    [/^There is no token int_0000000000000000$/, "revoke", "int_0000000000000000"],
    [/^id: expected int_/, "revoke", "nonsense"],
    [/^--org: expected/, "create", "--org", "bad/org", "--name", "x"],
    [/^--org: expected/, "create", "--org", "", "--name", "x"],
    [/^--name: expected/, "create", "--org", "a", "--name", ""],
    [/^--name: expected/, "create", "--org", "a", "--name", "\u001b[31mred"],
    [/^--expires-in: expected/, "create", "--org", "a", "--name", "x", "--expires-in", "soon"],
    [/^--expires-in: expected/, "create", "--org", "a", "--name", "x", "--expires-in", "0 days"],
    [/^--expires-in: expected/, "create", "--org", "a", "--name", "x", "--expires-in", "-3 days"],
    [/^--expires-in: expected/, "create", "--org", "a", "--name", "x", "--expires-in", "Infinity"],
    [/^--expires-in: expected/, "create", "--org", "a", "--name", "x", "--expires-in", "99999999999 days"],
    [/^--scope: expected read, write or admin$/, "create", "--org", "a", "--name", "x", "--scope", "root"],
    [/--name/, "create", "--org", "a"],
    [/--org/, "create", "--name", "x"],
    [/^--org: expected/, "list", "--org", "../.."]
  ]

  it.scoped(
    "mistakes are told in one line on stderr, with a code that scripts see, and change nothing",
    () =>
      Effect.gen(function*() {
        const { tokens } = yield* workplace
        for (const [says, ...parameters] of mistakes) {
          const { code, stderr, stdout } = yield* tokens(...parameters)
          assert.strictEqual(code, 1, parameters.join(" "))
          assert.strictEqual(stdout, "")
          assert.match(stderr.trimEnd(), says)
          assert.lengthOf(stderr.trimEnd().split("\n"), 1, stderr)
        }
        assert.deepStrictEqual(jsonOf(yield* tokens("list", "--json")), [])
      }),
    60_000
  )

  it.scoped("a database that cannot be used is named by its variable, or by what is wrong with it", () =>
    Effect.gen(function*() {
      const { directory, programs } = yield* workplace
      const on = (DATABASE_URL: string) => command(programs, ["tokens", "list"], { DATABASE_URL })
      const wrong = yield* on("mysql://user:canary@db/x")
      assert.match(wrong.stderr, /^DATABASE_URL: expected file:[^\n]*\n$/)
      const unreachable = yield* on("postgres://user:canary@127.0.0.1:1/x")
      assert.match(unreachable.stderr, /^The database at 127\.0\.0\.1:1 cannot be reached[^\n]*\n$/)
      assert.notInclude(wrong.stderr + unreachable.stderr, "canary")
      const unusable = yield* on(`file:${directory}`)
      assert.match(unusable.stderr, /^unable to open database file\n$/)
      assert.deepStrictEqual([wrong.code, unreachable.code, unusable.code], [1, 1, 1])
    }))

  it.scoped(
    "works beside a running service, which sees what it does; no secret stays anywhere",
    () =>
      Effect.gen(function*() {
        const { directory, environment, programs, tokens } = yield* workplace
        const port = yield* freePort
        const variables = { ...environment, AUTH: "tokens", PORT: String(port), LOG_LEVEL: "all", LOG_FORMAT: "json" }
        const running = yield* service(programs, variables)
        const ask = makeAsk(`http://127.0.0.1:${port}`)
        const until = (status: number, path: string, authorization = "") =>
          ask("GET", path, { headers: { "x-org-id": "org-acme-corp", authorization } }).pipe(
            Effect.repeat({ until: (answer) => answer.status === status, schedule: Schedule.spaced("50 millis") })
          )
        yield* Effect.retry(until(200, "/health/ready"), Schedule.spaced("50 millis"))
        const [token, other] = [
          (yield* tokens("create", "--org", "org-acme-corp", "--name", "ci")).stdout.trimEnd(),
          (yield* tokens("create", "--org", "org-globex", "--name", "ci")).stdout.trimEnd()
        ]
        const routes = "/api/channel-routes"
        const status = (authorization: string) =>
          Effect.map(
            ask("GET", routes, { headers: { "x-org-id": "org-acme-corp", authorization } }),
            (answer) => answer.status
          )
        assert.strictEqual(yield* status(`Bearer ${token}`), 200)
        assert.strictEqual(yield* status(`Bearer ${other}`), 403)
        assert.strictEqual(yield* status(`Bearer ${token}x`), 401)
        assert.strictEqual(yield* status(`Basic ${token}`), 401)
        assert.strictEqual(yield* status(""), 401)
        const revoked = yield* tokens("revoke", idOf(token))
        assert.strictEqual(revoked.code, 0, revoked.stderr)
        assert.match(revoked.stdout, /^int_[0-9a-f]{16} is revoked since 20\S+Z\n$/)
        yield* until(401, routes, `Bearer ${token}`)
        assert.deepStrictEqual(yield* tokens("revoke", idOf(token)), revoked)
        assert.include(contents(directory), idOf(token))
        running.stop()
        const { code } = yield* Effect.promise(() => running.ended)
        assert.strictEqual(code, 0)
        // The use was written at the latest when it stopped.
        assert.isString(at(jsonOf(yield* tokens("list", "--org", "org-acme-corp", "--json")), 0, "lastUsedAt"))
        const everything = running.output() + contents(directory)
        assert.include(running.output(), "A token was refused")
        for (const secret of [secretOf(token), secretOf(other)]) assert.notInclude(everything, secret)
      }),
    60_000
  )
})
