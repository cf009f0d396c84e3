import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import type { SentryConfig } from "../../src/integrations/sentry/definition.ts"
import { SentryIssuePage } from "../../src/integrations/sentry/domain.ts"
import { nextCursor } from "../../src/integrations/sentry/wire.ts"
import { config, failing, link, list, paths, type Reply, row, rows, scripted } from "./sentry.fake.ts"

describe("Sentry issues", () => {
  it.effect("asks the organization's list and answers in the documented form", () =>
    Effect.gen(function*() {
      const { sent, value } = yield* list([{ body: [row], headers: { "x-hits": "1", ...link("0:10:0", false) } }], {
        query: { project: "api-gateway" }
      })
      assert.deepStrictEqual(paths(sent), [
        "https://sentry.io/api/0/organizations/acme/issues/?project=api-gateway&query=is%3Aunresolved&sort=date&limit=10"
      ])
      assert.strictEqual(sent[0]?.method, "GET")
      assert.strictEqual(sent[0]?.headers["authorization"], "Bearer sntrys_token")
      assert.deepStrictEqual(yield* Schema.encode(SentryIssuePage)(value), {
        issues: [{
          id: "4812345",
          title: "TypeError: Cannot read property 'id' of undefined",
          culprit: "src/handlers/checkout.ts in processOrder",
          level: "error",
          count: 142,
          userCount: 38,
          firstSeen: "2026-03-20T09:00:00Z",
          lastSeen: "2026-03-21T14:01:00Z",
          permalink: "https://sentry.io/organizations/acme/issues/4812345/"
        }],
        total: 1
      })
    }))

  it.effect("sends an empty query and takes the configured project, the caller's first", () =>
    Effect.gen(function*() {
      const asked = (project: { readonly project?: string }) =>
        scripted([{ body: [] }], (vendor) =>
          vendor.issues({ ...config, project: "web" }, { ...project, query: "", limit: 5 }))
      const tail = "query=&sort=date&limit=5"
      assert.include((yield* asked({})).sent[0]?.url, `?project=web&${tail}`)
      assert.include((yield* asked({ project: "api" })).sent[0]?.url, `?project=api&${tail}`)
    }))

  it.effect("chooses the host by override, then baseUrl, then region", () =>
    Effect.gen(function*() {
      const at = (config: Partial<SentryConfig>, origin?: Option.Option<string>) =>
        Effect.map(list([{ body: [] }], { config }, origin), ({ sent }) => sent[0]?.url.split("/api/0/")[0])
      assert.strictEqual(yield* at({}), "https://sentry.io")
      assert.strictEqual(yield* at({ region: "us" }), "https://us.sentry.io")
      assert.strictEqual(yield* at({ region: "de" }), "https://de.sentry.io")
      const selfHosted = { baseUrl: "https://errors.acme.com:8443/sentry//", region: "de" } as const
      assert.strictEqual(yield* at(selfHosted), "https://errors.acme.com:8443/sentry")
      assert.strictEqual(yield* at(selfHosted, Option.some("http://localhost:4000")), "http://localhost:4000")
    }))

  it.effect("takes what older releases leave out or send as null", () =>
    Effect.gen(function*() {
      const bare = { id: "1", shortId: "API-1", culprit: null, firstSeen: null, lastSeen: null, userCount: null }
      const { value } = yield* list([{ body: [bare, { id: "2", count: 7, level: null, permalink: null }] }])
      const unknown = {
        culprit: null,
        level: "unknown",
        userCount: 0,
        firstSeen: null,
        lastSeen: null,
        permalink: null
      }
      assert.deepStrictEqual(value, {
        issues: [
          { id: "1", title: "API-1", count: 0, ...unknown },
          { id: "2", title: "2", count: 7, ...unknown }
        ],
        total: 2
      })
    }))

  it.effect("counts what it returns when X-Hits is missing or no number", () =>
    Effect.gen(function*() {
      const total = (headers: Record<string, string>) =>
        Effect.map(list([{ body: rows("1", "2"), headers }]), ({ value }) => value.total)
      assert.strictEqual(yield* total({ "x-hits": "1000" }), 1000)
      assert.strictEqual(yield* total({}), 2)
      assert.strictEqual(yield* total({ "x-hits": "many" }), 2)
      assert.strictEqual(yield* total({ "x-hits": "" }), 2)
    }))

  it.effect("follows short pages by the cursor, never by the URL, with the same limit", () =>
    Effect.gen(function*() {
      const { sent, value } = yield* list([
        { body: rows("1"), headers: { ...link("0:3:0"), "x-hits": "9" } },
        { body: [], headers: link("0:6:0") },
        { body: rows("1", "2", "3", "4"), headers: link("0:9:0") }
      ], { query: { limit: 3 } })
      assert.deepStrictEqual(value.issues.map(({ id }) => id), ["1", "2", "3"])
      assert.strictEqual(value.total, 9)
      const first = "https://sentry.io/api/0/organizations/acme/issues/?query=is%3Aunresolved&sort=date&limit=3"
      assert.deepStrictEqual(paths(sent), [first, `${first}&cursor=0%3A3%3A0`, `${first}&cursor=0%3A6%3A0`])
    }))

  it.effect("stops at the last page, at a cursor that comes again, and after ten pages", () =>
    Effect.gen(function*() {
      const asked = (replies: ReadonlyArray<Reply>) => Effect.map(list(replies), ({ sent }) => sent.length)
      assert.strictEqual(yield* asked([{ body: rows("1"), headers: link("0:10:0", false) }]), 1)
      assert.strictEqual(yield* asked([{ body: rows("1"), headers: link("") }]), 1)
      const again = { body: [], headers: link("0:10:0") }
      assert.strictEqual(yield* asked([again, again]), 2)
      const endless = Array.from({ length: 10 }, (_, at) => ({ body: [], headers: link(`0:${at}:0`) }))
      assert.strictEqual(yield* asked(endless), 10)
    }))

  it("reads the cursor whatever surrounds it", () => {
    assert.strictEqual(nextCursor(undefined), undefined)
    assert.strictEqual(nextCursor("nonsense, rel=\"next\""), undefined)
    const odd = "<https://x/?a=1,2;rel=\"next\">; results=\"true\"; cursor=\"a,b;c\"; rel=\"next\""
    assert.strictEqual(nextCursor(odd), "a,b;c")
  })

  it.effect("encodes the organization and refuses what would become another path, without a call", () =>
    Effect.gen(function*() {
      const { sent } = yield* list([{ body: [] }], { config: { organization: "a/../b c" } })
      assert.include(sent[0]?.url, "/api/0/organizations/a%2F..%2Fb%20c/issues/?")
      for (const organization of [".", "..", "\ud800"]) {
        const failure = yield* failing([], 0, { config: { organization } })
        assert.strictEqual(failure._tag, "UpstreamRejected")
        assert.strictEqual(failure.details, "The configured organization is not a slug")
      }
    }))
})

describe("Sentry's credentials", () => {
  it.effect("are good when the organization answers", () =>
    Effect.gen(function*() {
      const { sent } = yield* scripted([{ body: { id: "1", slug: "acme" } }], (vendor) => vendor.verify(config))
      assert.deepStrictEqual(paths(sent), ["https://sentry.io/api/0/organizations/acme/?detailed=0"])
    }))

  it.effect("are not when something else answers, or Sentry refuses them", () =>
    Effect.gen(function*() {
      const verify = (reply: Reply) => Effect.flip(scripted([reply], (vendor) => vendor.verify(config)))
      assert.deepInclude(yield* verify({ text: "<html>Welcome</html>" }), { reason: "unreadable" })
      assert.deepInclude(yield* verify({ status: 401, body: {} }), { reason: "credentials" })
    }))
})
