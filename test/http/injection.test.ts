import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at, failure } from "./ask.ts"
import { as, configure, configuredOrg } from "./service.ts"

const notFound = failure(404, "INCIDENT_NOT_FOUND", "Incident not found")

layer(Sandbox)("what callers send", (it) => {
  it.effect("as an incident's id never becomes another path at PagerDuty", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const ask = as(yield* configuredOrg)
      yield* pagerduty.clear
      const ids = [
        "..%2f..%2fusers%2fme",
        "%2e%2e",
        "%2e%2e%2fusers%2fme",
        "P1%3Fx=1",
        "P1%23x",
        "P1%2Fnotes",
        "P1%5C..%5Cx",
        "P1%20",
        "P1%00",
        "P1%3Ba",
        "P1%0d%0aX-Evil:%201",
        "..%252f..%252fusers",
        "%E2%80%AE",
        "P1%25",
        "a".repeat(65)
      ]
      for (const id of ids) {
        const answer = yield* ask("POST", `/api/integrations/pagerduty/incidents/${id}/acknowledge`, { body: {} })
        assert.isTrue(answer.status === 400 || answer.status === 404, `${id} ${answer.status}`)
        if (answer.status === 404) assert.include([notFound.code, "NOT_FOUND"], at(answer.json, "code"), id)
      }
      assert.deepStrictEqual(yield* pagerduty.calls, [])
      // Neither does one that would be a path if it was tidied up.
      for (const id of ["..", "../../users/me", "."]) {
        const answer = yield* ask("POST", `/api/integrations/pagerduty/incidents/${id}/acknowledge`, { body: {} })
        assert.isTrue([404, 405].includes(answer.status), `${id} ${answer.status}`)
      }
      assert.deepStrictEqual(yield* pagerduty.calls, [])
      const unknown = yield* ask("POST", "/api/integrations/pagerduty/incidents/P1NOPE/acknowledge", { body: {} })
      assert.deepStrictEqual([unknown.status, unknown.json], [404, notFound])
      assert.deepStrictEqual((yield* pagerduty.calls).map(({ path }) => path), ["/incidents/P1NOPE"])
    }))

  it.effect("as a configured service never becomes another path at PagerDuty", () =>
    Effect.gen(function*() {
      const { pagerduty } = yield* StandIns
      const orgId = yield* configuredOrg
      for (const serviceId of ["../users/me", "..", ".", "P1?x=1", "P1#x", "P1/../../users", "%2e%2e"]) {
        yield* configure(orgId, { integration: "pagerduty", config: { apiKey: "u+abcdef1234567890", serviceId } })
        yield* pagerduty.clear
        const answer = yield* as(orgId)("GET", "/api/integrations/pagerduty/oncall")
        assert.strictEqual(answer.status, 422, `${serviceId} ${answer.text}`)
        for (const { path, search } of yield* pagerduty.calls) {
          assert.strictEqual(path, `/services/${encodeURIComponent(serviceId)}`, serviceId)
          assert.strictEqual(search, "", serviceId)
        }
      }
    }))

  it.effect("as an organization's slug never becomes another path at Sentry", () =>
    Effect.gen(function*() {
      const { sentry } = yield* StandIns
      const orgId = yield* configuredOrg
      for (const organization of ["..", ".", "../../acme", "acme/../acme", "acme?x=1", "acme#x", "%2e%2e", "a\\b"]) {
        yield* configure(orgId, { integration: "sentry", config: { authToken: "sntrys_sandbox", organization } })
        yield* sentry.clear
        const answer = yield* as(orgId)("GET", "/api/observability/sentry")
        assert.strictEqual(answer.status, 422, `${organization} ${answer.text}`)
        for (const { path } of yield* sentry.calls) {
          assert.strictEqual(path, `/api/0/organizations/${encodeURIComponent(organization)}/issues/`)
        }
      }
    }))

  it.effect("as a project or a query reaches Sentry as one parameter", () =>
    Effect.gen(function*() {
      const { sentry } = yield* StandIns
      const ask = as(yield* configuredOrg)
      for (const text of ["../../x", "a&query=is:resolved", "a=b", "a#b", "-1&project=2", "\u00e9 \u202e", "%2e"]) {
        yield* sentry.clear
        yield* ask("GET", `/api/observability/sentry?project=${encodeURIComponent(text)}`)
        yield* ask("GET", `/api/observability/sentry?query=${encodeURIComponent(text)}`)
        const [byProject, , byQuery] = (yield* sentry.calls).map((call) => new URLSearchParams(call.search))
        const paths = new Set((yield* sentry.calls).map(({ path }) => path))
        assert.deepStrictEqual(paths, new Set(["/api/0/organizations/acme/issues/"]))
        assert.deepStrictEqual(byProject?.getAll("project"), [text])
        assert.deepStrictEqual(byProject?.getAll("query"), ["is:unresolved"])
        assert.deepStrictEqual(byQuery?.getAll("query"), [text])
        assert.deepStrictEqual(byQuery?.getAll("project"), [])
      }
    }))

  it.effect("as a filter reaches Linear in variables only", () =>
    Effect.gen(function*() {
      const { linear } = yield* StandIns
      const ask = as(yield* configuredOrg)
      const plain = "plain"
      const documentsOf = (text: string) =>
        Effect.gen(function*() {
          yield* linear.clear
          for (const name of ["team", "status", "assignee"]) {
            const answer = yield* ask("GET", `/api/integrations/linear/issues?${name}=${encodeURIComponent(text)}`)
            assert.isTrue([200, 422].includes(answer.status), `${name} ${text} ${answer.text}`)
          }
          const created = yield* ask("POST", "/api/integrations/linear/issues", {
            body: { title: text, teamId: "team-eng", description: text, labels: [text] }
          })
          assert.strictEqual(created.status, 201, created.text)
          assert.strictEqual(at(created.json, "title"), text)
          const calls = (yield* linear.calls).map(({ body }): unknown => JSON.parse(body))
          assert.include(JSON.stringify(calls.map((call) => at(call, "variables"))), JSON.stringify(text))
          return calls.map((call) => at(call, "query"))
        })
      const expected = yield* documentsOf(plain)
      const evil = [
        "\"}){id}",
        "\") { id } }",
        "$filter",
        "{ viewer { id } }",
        "\\\"",
        "#",
        "\"\"\"",
        "a\u2028b",
        "'; --"
      ]
      for (const text of evil) assert.deepStrictEqual(yield* documentsOf(text), expected, text)
    }))

  it.effect("as a secret never becomes another header", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      for (const apiKey of ["a\r\nX-Evil: 1", "a\nb", "a\u0000", "\u00e9", "a b", ""]) {
        const answer = yield* configure(orgId, { integration: "pagerduty", config: { apiKey } })
        assert.deepStrictEqual([answer.status, at(answer.json, "code")], [400, "VALIDATION_ERROR"])
      }
      const fromEmail = "ana@acme.com\r\nX-Evil: 1"
      const answer = yield* configure(orgId, { integration: "pagerduty", config: { apiKey: "k", fromEmail } })
      assert.strictEqual(answer.status, 400)
    }))

  it.effect("beyond ASCII in a setting that becomes a header is a refusal, not a fault of ours", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const config = { apiKey: "u+abcdef1234567890", fromEmail: "\u4e2d@acme.com" }
      const configured = yield* configure(orgId, { integration: "pagerduty", config })
      if (configured.status === 400) return
      const answer = yield* as(orgId)("POST", "/api/integrations/pagerduty/incidents/P1INC001/acknowledge", {
        body: {}
      })
      assert.isTrue([422, 502].includes(answer.status), `${answer.status} ${answer.text}`)
    }))
})
