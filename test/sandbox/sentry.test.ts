import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { lying, throttled } from "../../src/sandbox/Fault.ts"
import { sentrySeed } from "../../src/sandbox/seed.ts"
import { makeSentry } from "../../src/sandbox/sentry.ts"
import { ask, json, read } from "./ask.ts"

const headers = { authorization: "Bearer sntrys_sandbox" }
const Issues = read(Schema.Array(Schema.Struct({ id: Schema.String, count: Schema.optional(Schema.String) })))
const ids = (url: string, query: string) =>
  ask(`${url}/api/0/organizations/acme/issues/${query}`, { headers }).pipe(
    Effect.flatMap(Issues),
    Effect.map((all) => all.map((one) => one.id))
  )

describe("Sentry's stand-in", () => {
  it.scoped("takes bearer tokens and knows one organization", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSentry()
      const org = (slug: string, authorization?: string) =>
        ask(`${url}/api/0/organizations/${slug}/?detailed=0`, {
          headers: authorization === undefined ? {} : { authorization }
        })
      assert.strictEqual((yield* org("acme", "Bearer sntrys_sandbox")).status, 200)
      assert.deepInclude(yield* org("acme", "Bearer nope"), { status: 401, text: "{\"detail\":\"Invalid token\"}" })
      assert.strictEqual((yield* org("acme")).status, 401)
      assert.strictEqual((yield* org("other", "Bearer sntrys_sandbox")).status, 404)
      const noSlash = yield* ask(`${url}/api/0/organizations/acme/issues?limit=1`, { headers })
      assert.strictEqual(noSlash.status, 404)
    }))

  it.scoped("lists unresolved issues of the project, counts as strings, hits and quota in headers", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSentry()
      const answer = yield* ask(`${url}/api/0/organizations/acme/issues/?project=api-gateway&limit=10`, { headers })
      const [issue, ...others] = yield* Issues(answer)
      assert.deepStrictEqual(issue, { id: "4812345", count: "142" })
      assert.lengthOf(others, 0)
      assert.strictEqual(answer.headers.get("x-hits"), "1")
      assert.strictEqual(answer.headers.get("x-sentry-rate-limit-limit"), "40")
      assert.deepStrictEqual(yield* ids(url, ""), ["4812345", "4811777"])
      assert.deepStrictEqual(yield* ids(url, "?query="), ["4812345", "4811777", "4812001"])
      assert.deepStrictEqual(yield* ids(url, "?query=is:resolved"), ["4812001"])
      assert.deepStrictEqual(yield* ids(url, "?project=101&project=102&query=cart"), ["4811777"])
      const stranger = yield* ask(`${url}/api/0/organizations/acme/issues/?project=nope`, { headers })
      assert.strictEqual(stranger.status, 403)
    }))

  it.scoped("pages by the Link header alone: a page can be short although more follow", () =>
    Effect.gen(function*() {
      const [first] = sentrySeed.issues
      if (first === undefined) return assert.fail("the seed has an issue")
      const issue = (id: string, hidden: boolean) => ({ ...first, id, hidden })
      const issues = [issue("1", true), issue("2", false), issue("3", false)]
      const { url } = yield* makeSentry({ seed: { ...sentrySeed, issues } })
      const page = (cursor: string) =>
        ask(`${url}/api/0/organizations/acme/issues/?limit=2&cursor=${cursor}`, { headers })
      const one = yield* page("0:0:0")
      assert.deepStrictEqual((yield* Issues(one)).map((issue) => issue.id), ["2"])
      assert.match(one.headers.get("link") ?? "", /rel="next"; results="true"; cursor="0:2:0"$/)
      const two = yield* page("0:2:0")
      assert.deepStrictEqual((yield* Issues(two)).map((issue) => issue.id), ["3"])
      assert.match(two.headers.get("link") ?? "", /rel="previous"; results="true".*rel="next"; results="false"/)
    }))

  it.scoped("leaves counts out of collapsed replies", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSentry()
      const [issue] = yield* Issues(yield* ask(`${url}/api/0/organizations/acme/issues/?collapse=stats`, { headers }))
      assert.deepStrictEqual(issue, { id: "4812345" })
    }))

  it.scoped("throttles with a bare string and lies with an object", () =>
    Effect.gen(function*() {
      const standIn = yield* makeSentry()
      yield* standIn.script(throttled(5), lying)
      const url = `${standIn.url}/api/0/organizations/acme/issues/`
      const limited = yield* ask(url, { headers })
      assert.strictEqual(limited.status, 429)
      assert.isString(json(limited))
      // The test clock stands at zero.
      assert.strictEqual(limited.headers.get("x-sentry-rate-limit-reset"), "5")
      assert.isNull(limited.headers.get("retry-after"))
      assert.deepInclude(yield* ask(url, { headers }), { status: 200, text: "{\"detail\":\"Internal Error\"}" })
    }))

  it.scoped("serves the deprecated project route too", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSentry()
      const answer = yield* ask(`${url}/api/0/projects/acme/web/issues/`, { headers })
      assert.deepStrictEqual((yield* Issues(answer)).map((issue) => issue.id), ["4811777"])
    }))
})
