import { assert, describe, it } from "@effect/vitest"
import { events } from "./webhookEvents.ts"

const event = events.sentry

describe("Sentry's news", () => {
  const issue = (issue: object, action = "created") => event({ action, data: { issue: { id: "1", ...issue } } })
  const metric = (action: string, data: object = {}) => event({ action, data: { metric_alert: { id: 4 }, ...data } })

  it("is as bad as Sentry says, an error where it says nothing, and good once it is resolved", () => {
    const levels = {
      fatal: "critical",
      error: "error",
      warning: "warning",
      info: "info",
      debug: "info",
      sample: "info"
    }
    for (const [level, severity] of Object.entries(levels)) {
      assert.strictEqual(issue({ level }).severity, severity)
      assert.strictEqual(issue({ level }, "archived").severity, severity)
      assert.strictEqual(event({ action: "triggered", data: { event: { level } } }).severity, severity)
      assert.strictEqual(event({ action: "created", data: { error: { level } } }).severity, severity)
      assert.strictEqual(issue({ level }, "resolved").severity, "info")
    }
    for (const level of ["FATAL", "", 7, null, undefined, "constructor"]) {
      assert.strictEqual(issue({ level }).severity, "error")
    }
    assert.deepStrictEqual(
      ["critical", "warning", "resolved", "open"].map((action) => metric(action).severity),
      ["critical", "warning", "info", "error"]
    )
    assert.strictEqual(event("not JSON").severity, "error")
  })

  it("is open until Sentry resolves it", () => {
    const open = ["created", "unresolved", "assigned", "archived", "ignored"]
    for (const action of open) assert.strictEqual(issue({}, action).state, "open")
    assert.deepStrictEqual([issue({}, "resolved").state, metric("resolved").state], ["resolved", "resolved"])
    assert.strictEqual(event({ action: "resolved", data: { comment_id: 1 } }).state, "open")
  })

  it("says what helps beyond the title", () => {
    assert.strictEqual(issue({ culprit: "app.views in get" }).text, "app.views in get")
    assert.strictEqual(issue({ title: "same", culprit: " same " }).text, null)
    assert.strictEqual(issue({ culprit: " \n" }).text, null)
    const alert = { event: { culprit: "a\u0000b\r\nc\td\ud800" }, triggered_rule: "High rate" }
    assert.strictEqual(event({ action: "triggered", data: alert }).text, "a b\nc\td\ufffd\nAlert rule: High rate")
    assert.strictEqual(metric("critical", { description_text: "1000 events" }).text, "1000 events")
    const comment = `first line\n${"long ".repeat(100)}`
    assert.strictEqual(event({ action: "created", data: { comment_id: 1, comment } }).text, comment.trim())
  })

  it("links to a page that browsers take, the first that there is", () => {
    const [page, other] = ["https://acme.sentry.io/issues/1/", "http://sentry.acme.com/issues/1/"]
    assert.strictEqual(issue({ web_url: page, permalink: other }).url, page)
    assert.strictEqual(issue({ permalink: other }).url, other)
    assert.strictEqual(event({ action: "created", data: { error: { web_url: page, url: other } } }).url, page)
    assert.strictEqual(metric("critical", { web_url: page }).url, page)
    const long = `https://a.io/${"x".repeat(2048 - "https://a.io/".length)}`
    assert.strictEqual(issue({ web_url: long }).url, long)
    const odd = ["", "acme.io", "ftp://a.io", "javascript:alert(1)", "https://", "https://a b", "https://a.io/\n", "/x"]
    for (const web_url of [...odd, `${long}x`, "https://a.io/\u202e", 7, null]) {
      assert.isNull(issue({ web_url }).url, String(web_url))
      assert.strictEqual(issue({ web_url, permalink: page }).url, page, String(web_url))
    }
  })

  it("is of one group with all that is about the same issue or alert", () => {
    assert.strictEqual(issue({ id: "100" }).groupKey, "sentry:issue:100")
    assert.strictEqual(issue({ id: 100 }, "resolved").groupKey, "sentry:issue:100")
    assert.strictEqual(event({ action: "triggered", data: { event: { issue_id: 100 } } }).groupKey, "sentry:issue:100")
    assert.strictEqual(event({ action: "created", data: { error: { issue_id: "100" } } }).groupKey, "sentry:issue:100")
    assert.strictEqual(metric("critical").groupKey, "sentry:metric_alert:4")
    assert.isNull(event({ action: "created", data: { comment_id: 1, issue_id: 100 } }).groupKey)
    assert.isNull(event({ action: "created", data: { error: {} } }).groupKey)
    for (const id of ["", "a b", "x".repeat(129), "é", null, {}]) assert.isNull(issue({ id }).groupKey)
  })

  it("is read however deep it nests", () => {
    const deep = `{"action":"created","data":{"issue":${"[".repeat(10_000)}1${"]".repeat(10_000)},"x":{}}}`
    const nested = `${`{"data":`.repeat(10_000)}1${"}".repeat(10_000)}`
    for (const body of [deep, nested, "[".repeat(500_000)]) {
      assert.strictEqual(event(body).body, body)
      assert.match(event(body).type, /^sentry\.unknown\.(created|unknown)$/)
    }
  })
})
