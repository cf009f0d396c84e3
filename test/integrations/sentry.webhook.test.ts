import { assert, describe, it } from "@effect/vitest"
import { DateTime, FastCheck } from "effect"
import { readFileSync } from "node:fs"
import { sentryWebhook } from "../../src/integrations/sentry/webhook.ts"
import { type Around, bytesOf, events, now } from "./webhookEvents.ts"

const sample = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../samples/sentry/${name}.json`, import.meta.url)))

const event = events.sentry

const told = (bytes: Uint8Array, around?: Around) => {
  const { forAgent, occurredAt, projectId, title, type } = event(bytes, around)
  return { type, title, projectId, forAgent, at: DateTime.formatIso(occurredAt) }
}

describe("Sentry's deliveries", () => {
  it("are told by their shape, as the customer's own call is", () => {
    assert.deepStrictEqual(told(sample("documented")), {
      type: "sentry.issue.created",
      title: "TypeError: Cannot read property id of undefined",
      projectId: "api-gateway",
      forAgent: true,
      at: "2026-03-21T14:00:00.000Z"
    })
    assert.deepStrictEqual(told(sample("issue.created")), {
      type: "sentry.issue.created",
      title: "KeyError: 'x'",
      projectId: "python",
      forAgent: true,
      at: "2025-11-10T20:56:00.679Z"
    })
    assert.deepStrictEqual(told(sample("event_alert.triggered")), {
      type: "sentry.event_alert.triggered",
      title: "ReferenceError: heck is not defined",
      projectId: "front-end",
      forAgent: true,
      at: "2019-08-19T21:06:17.677Z"
    })
    assert.deepStrictEqual(told(sample("metric_alert.critical")), {
      type: "sentry.metric_alert.critical",
      title: "Critical: Too many errors",
      projectId: "bar",
      forAgent: true,
      at: "2020-09-13T12:26:40.000Z"
    })
    assert.deepStrictEqual(told(sample("error.created")), {
      type: "sentry.error.created",
      title: "ReferenceError",
      projectId: null,
      forAgent: true,
      at: "2026-03-21T14:00:00.000Z"
    })
    assert.deepStrictEqual(told(sample("comment.created")), {
      type: "sentry.comment.created",
      title: "adding a comment",
      projectId: "python",
      forAgent: false,
      at: "2022-03-02T21:51:44.118Z"
    })
    assert.deepStrictEqual(told(sample("installation.created")), {
      type: "sentry.installation.created",
      title: "Sentry installation created",
      projectId: null,
      forAgent: false,
      at: "2026-03-21T14:00:00.000Z"
    })
  })

  it("are kept as they came", () => {
    const bytes = sample("signed")
    const { body, source } = event(bytes)
    assert.strictEqual(source, "sentry")
    assert.strictEqual(body, new TextDecoder().decode(bytes))
    assert.include(body, "1566248777.0,\"title\":\"Gr\\u00f6\\u00dfe\"")
    assert.strictEqual(event(bytes).title, "Größe")
    assert.strictEqual(event(new Uint8Array([0xff, 0, 0x41])).body, "\ufffd\ufffdA")
  })

  it("name their installation", () => {
    assert.strictEqual(sentryWebhook.installation?.(sample("issue.created")), "24b397fc-a86e-43ef-9297-949e21b82480")
    for (const uuid of [7, null, "", "a\u0000", "x".repeat(65)]) {
      assert.strictEqual(sentryWebhook.installation?.(bytesOf({ installation: { uuid } })), undefined)
    }
    assert.strictEqual(sentryWebhook.installation?.(bytesOf("not JSON")), undefined)
  })

  it("reach an agent for these resources and actions only", () => {
    const issue = (action: string) => event({ action, data: { issue: { id: "1" } } }).forAgent
    const alert = (action: string) => event({ action, data: { metric_alert: { id: "1" } } }).forAgent
    assert.deepStrictEqual(["created", "unresolved", "resolved"].map(issue), [true, true, true])
    assert.deepStrictEqual(["assigned", "archived", "ignored"].map(issue), [false, false, false])
    assert.deepStrictEqual(["critical", "warning", "resolved", "open"].map(alert), [true, true, true, false])
  })

  it("take the header's word for what has no known shape, and the signed shape's for the rest", () => {
    const type = (body: unknown, resource: string) =>
      event(body, { headers: { "sentry-hook-resource": resource } }).type
    assert.strictEqual(
      type({ action: "root_cause_started", data: { run_id: 1 } }, "seer"),
      "sentry.seer.root_cause_started"
    )
    assert.strictEqual(type({ action: "created", data: {} }, "issue"), "sentry.issue.created")
    assert.strictEqual(type({ action: "created", data: { comment_id: 1 } }, "issue"), "sentry.comment.created")
    assert.strictEqual(type({ action: "created", data: {} }, "Is sue.*"), "sentry.unknown.created")
    assert.strictEqual(type({ action: "x".repeat(65), data: {} }, "y".repeat(65)), "sentry.unknown.unknown")
    assert.strictEqual(type({ action: "a.b*", data: { issue: {} } }, "issue"), "sentry.issue.unknown")
  })

  it("are unknown when they are no JSON object", () => {
    for (const body of ["not JSON", "[]", "null", "\"text\"", "7", ""]) {
      assert.deepInclude(event(body, { headers: { "sentry-hook-resource": "issue" } }), {
        type: "sentry.unknown.unknown",
        forAgent: false,
        body
      })
    }
  })

  it("map projects by their own slugs alone", () => {
    const project = (slug: unknown, projects?: Readonly<Record<string, string>>) =>
      event({ action: "created", data: { issue: { project: { slug } } } }, projects === undefined ? {} : { projects })
        .projectId
    assert.strictEqual(project("web", { web: "proj-001" }), "proj-001")
    assert.strictEqual(project("api", { web: "proj-001" }), "api")
    for (const inherited of ["__proto__", "constructor", "toString"]) {
      assert.strictEqual(project(inherited, { web: "proj-001" }), inherited)
    }
    for (const odd of ["", "a\u0000b", "x".repeat(257), "\ud800", 7, null]) assert.strictEqual(project(odd), null)
    const byIssueUrl = { issue_url: "https://sentry.io/api/0/projects/acme/web/events/1/", url: null }
    assert.strictEqual(event({ action: "triggered", data: { event: byIssueUrl } }).projectId, "web")
  })

  it("have a title of one short line", () => {
    const title = (text: unknown) => event({ action: "created", data: { issue: { title: text } } }).title
    assert.strictEqual(title("  a\n\tb\u2028c\u0000 "), "a b c")
    assert.strictEqual(title(" \n"), "Sentry issue created")
    assert.strictEqual(title(null), "Sentry issue created")
    assert.strictEqual(title("x".repeat(256)), "x".repeat(256))
    assert.strictEqual(title("x".repeat(257)), `${"x".repeat(255)}…`)
    assert.strictEqual(title(`${"x".repeat(254)}🔥🔥`), `${"x".repeat(254)}…`)
    assert.strictEqual(event({ data: { metric_alert: { title: "Alert" } } }).title, "Alert")
  })

  it("happened when Sentry says so, if that is a time and has come", () => {
    const at = (error: object) => DateTime.formatIso(event({ action: "created", data: { error } }).occurredAt)
    assert.strictEqual(at({ datetime: "2026-03-21T10:00:00+02:00" }), "2026-03-21T08:00:00.000Z")
    assert.strictEqual(at({ received: 1566248777.677 }), "2019-08-19T21:06:17.677Z")
    for (const datetime of ["2027-01-01T00:00:00Z", "yesterday", "1", "", 7, null, "1900-01-01T00:00:00Z"]) {
      assert.strictEqual(at({ datetime }), "2026-03-21T14:00:00.000Z", String(datetime))
    }
    const alert = { date_started: "2026-01-01T00:00:00Z", date_closed: "2026-01-02T00:00:00Z" }
    const resolved = event({ action: "resolved", data: { metric_alert: alert } })
    assert.strictEqual(DateTime.formatIso(resolved.occurredAt), "2026-01-02T00:00:00.000Z")
  })
})

describe("The dedup key", () => {
  const key = (body: unknown, around?: Around) => event(body, around).dedupKey

  it("is the content's where a retry may print the body anew", () => {
    const alert = (more: object, event = {}) => ({
      action: "triggered",
      installation: { uuid: "u" },
      data: { event: { event_id: "e", ...event }, triggered_rule: "R", ...more }
    })
    assert.strictEqual(key(alert({})), key(alert({ extra: 1 }, { title: "t" })))
    assert.notStrictEqual(key(alert({})), key(alert({ triggered_rule: "S" })))
    assert.notStrictEqual(key(alert({})), key({ ...alert({}), installation: { uuid: "v" } }))
    const metric = (alert: object, action = "critical") => ({ action, data: { metric_alert: { id: "4", ...alert } } })
    assert.strictEqual(key(metric({ date_started: "a" })), key(metric({ date_started: "a" })))
    // Critical, then warning, then critical again: the second critical is news.
    assert.notStrictEqual(key(metric({ date_started: "a" })), key(metric({ date_started: "a", status: 20 })))
    assert.notStrictEqual(key(metric({ date_started: "a" })), key(metric({ date_started: "a" }, "warning")))
    assert.notStrictEqual(key(metric({ date_started: "a" })), key(metric({ date_started: "a", date_closed: "b" })))
    const error = (error: object) => ({ action: "created", data: { error } })
    assert.strictEqual(key(error({ event_id: "e" })), key(error({ event_id: "e", title: "t" })))
    const comment = (data: object) => ({ action: "created", data: { comment_id: 1, timestamp: "t", ...data } })
    assert.strictEqual(key(comment({})), key(comment({ comment: "c" })))
    assert.notStrictEqual(key(comment({})), key(comment({ timestamp: "u" })))
  })

  it("is the body's for issues and wherever a part is missing", () => {
    const issue = (more: object) => ({
      action: "unresolved",
      data: { issue: { id: "1", status: "unresolved", ...more } }
    })
    assert.strictEqual(key(issue({})), key(issue({})))
    assert.notStrictEqual(key(issue({})), key(issue({ count: "2" })))
    const error = (more: object) => ({ action: "created", data: { error: more } })
    assert.notStrictEqual(key(error({ title: "a" })), key(error({ title: "b" })))
    assert.notStrictEqual(event(new Uint8Array([0xff])).dedupKey, event(new Uint8Array([0xfe])).dedupKey)
  })

  it("joins its parts unambiguously and does not hang on the unsigned header", () => {
    const alert = (uuid: string, event_id: string) => ({
      action: "triggered",
      installation: { uuid },
      data: { event: { event_id }, triggered_rule: "R" }
    })
    assert.notStrictEqual(key(alert("a", "b:c")), key(alert("a:b", "c")))
    assert.strictEqual(
      key(alert("a", "b"), { headers: { "sentry-hook-resource": "error" } }),
      key(alert("a", "b"), { headers: { "sentry-hook-resource": "event_alert" } })
    )
    assert.match(key(alert("a", "b")), /^sentry:event_alert:[0-9a-f]{64}$/)
  })

  it("and all else is there for any JSON and any bytes", () => {
    const names = ["issue", "event", "error", "metric_alert", "comment_id", "installation", "timestamp", "project_slug"]
    const data = FastCheck.dictionary(FastCheck.constantFrom(...names), FastCheck.jsonValue())
    const body = FastCheck.oneof(
      FastCheck.json(),
      FastCheck.record({ action: FastCheck.jsonValue(), data }, { requiredKeys: [] }).map((one) => JSON.stringify(one)),
      FastCheck.string()
    )
    const header = FastCheck.option(FastCheck.string(), { nil: undefined })
    const bytes = FastCheck.oneof(body.map(bytesOf), FastCheck.uint8Array())
    FastCheck.assert(
      FastCheck.property(bytes, header, (bytes, resource) => {
        const around = resource === undefined ? {} : { headers: { "sentry-hook-resource": resource } }
        const one = event(bytes, around)
        assert.match(one.type, /^sentry\.[a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64}$/)
        assert.match(one.dedupKey, /^sentry:[a-z_]+:[0-9a-f]{64}$/)
        assert.isTrue(one.title.length > 0 && one.title.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(one.title))
        assert.isTrue(DateTime.lessThanOrEqualTo(one.occurredAt, now))
        assert.isTrue(one.text === null || one.text.trim() === one.text && one.text !== "" && one.text !== one.title)
        assert.isTrue(one.url === null || URL.canParse(one.url))
        assert.match(String(one.groupKey), /^(null|sentry:(issue|metric_alert):[\x21-\x7e]{1,128})$/)
        assert.strictEqual(event(new Uint8Array(bytes)).dedupKey, one.dedupKey)
      }),
      { numRuns: 1000 }
    )
  })
})
