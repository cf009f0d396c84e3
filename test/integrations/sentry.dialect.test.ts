import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { failing, link, list, type Reply, row, rows } from "./sentry.fake.ts"

describe("Sentry's refusals", () => {
  it.effect("waits until the moment that a throttled answer names, in epoch seconds", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_767_225_600_000)
      const throttled = {
        status: 429,
        text: "\"You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds\"",
        headers: { "x-sentry-rate-limit-reset": "1767225604", "content-type": "text/html" }
      }
      const fiber = yield* Effect.fork(list([throttled, { body: rows("1") }]))
      yield* TestClock.adjust("9 seconds")
      const { sent, value } = yield* Fiber.join(fiber)
      assert.lengthOf(value.issues, 1)
      const [first, second] = sent.map(({ at }) => at)
      assert.strictEqual((second ?? 0) - (first ?? 0), 4000)
    }))

  it.effect("says how long when the wait outlasts the deadline, by Retry-After where there is nothing better", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_767_225_600_000)
      const byReset = yield* failing([{
        status: 429,
        body: null,
        headers: { "x-sentry-rate-limit-reset": "1767225612" }
      }])
      assert.deepInclude(byReset, {
        _tag: "UpstreamFailed",
        message: "Failed to fetch from Sentry API",
        reason: "throttled",
        details: "Sentry rate limit exceeded, retry after 12s",
        retryAfterMs: 12_000
      })
      const byHeader = yield* failing([{
        status: 429,
        text: "<html>slow down</html>",
        headers: { "retry-after": "30" }
      }])
      assert.strictEqual(byHeader.details, "Sentry rate limit exceeded, retry after 30s")
    }))

  it.effect("does not wait for a reset that has passed", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_767_225_600_000)
      const passed = { status: 429, body: "x", headers: { "x-sentry-rate-limit-reset": "1767225500" } }
      const fiber = yield* Effect.fork(list([passed, { body: [] }]))
      yield* TestClock.adjust("1 seconds")
      assert.lengthOf((yield* Fiber.join(fiber)).sent, 2)
    }))

  it.effect("blames the credentials for 401 and 403, whatever the body", () =>
    Effect.gen(function*() {
      const bodies: ReadonlyArray<Reply> = [
        { status: 401, body: { detail: "Invalid token" } },
        { status: 401, body: { detail: { code: "sso-required", message: "Must login via SSO", extra: {} } } },
        { status: 401, text: "<html>login</html>" },
        { status: 403, body: { detail: "You do not have permission to perform this action." } }
      ]
      for (const reply of bodies) {
        const failure = yield* failing([reply])
        assert.deepInclude(failure, { _tag: "UpstreamFailed", reason: "credentials" })
        assert.match(failure.details, /^Sentry rejected the credentials \(40[13]\)$/)
      }
    }))

  it.effect("tells a project that is not there from a token that may not read", () =>
    Effect.gen(function*() {
      const forbidden = { status: 403, body: { detail: "You do not have permission to perform this action." } }
      const project = { query: { project: "nope" } }
      const noProject = yield* failing([forbidden, { body: rows("1") }], 0, project)
      assert.deepInclude(noProject, {
        _tag: "UpstreamRejected",
        details: "Sentry knows no such project, or the token may not see it"
      })
      const noScope = yield* failing([forbidden, forbidden], 0, project)
      assert.deepInclude(noScope, { _tag: "UpstreamFailed", details: "Sentry rejected the credentials (403)" })
    }))

  it.effect("gives Sentry's own words for what it refuses", () =>
    Effect.gen(function*() {
      const rejection = (reply: Reply) => Effect.map(failing([reply]), ({ _tag, details }) => [_tag, details])
      const said = { status: 400, body: { detail: "Invalid query.\nNear 'foo'" } }
      assert.deepStrictEqual(yield* rejection(said), ["UpstreamRejected", "Invalid query. Near 'foo'"])
      const object = { status: 400, body: { detail: { code: "x", message: "Invalid cursor parameter." } } }
      assert.deepStrictEqual(yield* rejection(object), ["UpstreamRejected", "Invalid cursor parameter."])
      const silent = { status: 400, text: "<html>bad</html>" }
      assert.deepStrictEqual(yield* rejection(silent), ["UpstreamRejected", "Sentry refused the request (400)"])
      const missing = { status: 404, body: { detail: "The requested resource does not exist" } }
      assert.deepStrictEqual(yield* rejection(missing), ["UpstreamRejected", "The requested resource does not exist"])
      const nowhere = { status: 404, text: "<html>nothing</html>" }
      assert.deepStrictEqual(yield* rejection(nowhere), ["UpstreamRejected", "Sentry knows no such organization"])
    }))

  it.effect("follows no redirect and knows a renamed project by its code", () =>
    Effect.gen(function*() {
      const headers = { location: "https://evil.internal/" }
      const detail = { code: "resource-moved", message: "This resource has been moved", extra: { slug: "api-2" } }
      const moved = yield* failing([{ status: 302, headers, body: { slug: "api-2", detail } }])
      assert.deepInclude(moved, {
        _tag: "UpstreamRejected",
        details: "The Sentry project or organization was renamed to api-2"
      })
      const other = yield* failing([{ status: 302, headers, text: "" }])
      assert.deepInclude(other, {
        _tag: "UpstreamFailed",
        reason: "unreadable",
        details: "Sentry redirected the request (302): check region and baseUrl"
      })
    }))

  it.effect("tries again after 5xx and a page of HTML, four times at most", () =>
    Effect.gen(function*() {
      const down = { status: 502, text: "<html>Bad Gateway</html>" }
      const fiber = yield* Effect.fork(list([down, { status: 503, body: { detail: "x" } }, { body: rows("1") }]))
      yield* TestClock.adjust("5 seconds")
      assert.lengthOf((yield* Fiber.join(fiber)).sent, 3)
      const failure = yield* failing([down, down, down, down], "8 seconds")
      assert.deepInclude(failure, { reason: "unavailable", details: "Sentry is unavailable (502)" })
    }))

  it.effect("does not take an answer that is no list of issues", () =>
    Effect.gen(function*() {
      for (
        const reply of [{ body: { detail: "Internal Error" } }, { text: "<html></html>" }, {
          body: [{ ...row, count: "many" }]
        }]
      ) {
        const failure = yield* failing([reply])
        assert.deepInclude(failure, { _tag: "UpstreamFailed", reason: "unreadable" })
        assert.match(failure.details, /^Sentry answered with something unexpected/)
      }
    }))

  it.effect("has one deadline over all pages", () =>
    Effect.gen(function*() {
      const failure = yield* failing([{ body: [], headers: link("0:10:0") }, "never"], "10 seconds")
      assert.deepInclude(failure, { reason: "timeout", details: "Request timeout after 10000ms" })
    }))
})
