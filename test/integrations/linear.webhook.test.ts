import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, DateTime, Duration, Effect, FastCheck } from "effect"
import { linearWebhook, webhookMaxAge } from "../../src/integrations/linear/webhook.ts"
import { bytesOf, events, linear, now } from "./webhookEvents.ts"

const event = events.linear
const issue = (data: object = {}, more: object = {}) => event({ action: "update", type: "Issue", data, ...more })

describe("Linear's deliveries", () => {
  it("are typed by entity and action, in lower snake case", () => {
    const type = (type: unknown, action: unknown = "create") => event({ type, action }).type
    const entities = {
      Issue: "issue",
      IssueLabel: "issue_label",
      ProjectUpdate: "project_update",
      CustomerNeed: "customer_need",
      IssueSLA: "issue_sla",
      OAuthApp: "oauth_app",
      AppUserNotification: "app_user_notification"
    }
    for (const [name, entity] of Object.entries(entities)) assert.strictEqual(type(name), `linear.${entity}.create`)
    assert.strictEqual(type("IssueSLA", "highRisk"), "linear.issue_sla.high_risk")
    for (const odd of ["", "a b", "a.b", "x".repeat(65), 7, null]) {
      assert.strictEqual(type(odd, odd), "linear.unknown.unknown", String(odd))
    }
    for (const body of ["not JSON", "[]", "null", ""]) {
      assert.deepInclude(event(body), { type: "linear.unknown.unknown", body, dataPath: "data" })
    }
  })

  it("reach no agent", () => {
    for (const action of ["create", "update", "remove"]) {
      assert.isFalse(event({ type: "Issue", action, data: { priority: 1 } }).forAgent)
    }
  })

  it("are as bad as they have priority", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 1.5, "1", null].map((priority) => issue({ priority }).severity),
      ["info", "error", "warning", "info", "info", "info", "info", "info"]
    )
  })

  it("are resolved with the issue", () => {
    const types = ["triage", "backlog", "unstarted", "started", "completed", "canceled"]
    assert.deepStrictEqual(
      types.map((type) => issue({ state: { type } }).state),
      ["open", "open", "open", "open", "resolved", "resolved"]
    )
    assert.strictEqual(event({ type: "Project", data: { state: { type: "completed" } } }).state, "open")
  })

  it("are of one group with all that is about the same thing, comments with their issue", () => {
    assert.strictEqual(issue({ id: "i" }).groupKey, "linear:issue:i")
    assert.strictEqual(event({ type: "IssueLabel", data: { id: "l" } }).groupKey, "linear:issue_label:l")
    assert.strictEqual(event({ type: "Comment", data: { id: "c", issueId: "i" } }).groupKey, "linear:issue:i")
    assert.strictEqual(event({ type: "Comment", data: { id: "c", issue: { id: "i" } } }).groupKey, "linear:issue:i")
    assert.isNull(event({ type: "Comment", data: { id: "c" } }).groupKey)
    assert.isNull(issue().groupKey)
  })

  it("have the title, text, link and project that the data offer", () => {
    const url = "https://linear.app/acme/issue/ENG-1/api-5xx"
    const full = { identifier: "ENG-1", title: "API 5xx", description: "# Why\nload", team: { key: "ENG" } }
    assert.deepInclude(issue(full, { url }), {
      title: "ENG-1 API 5xx",
      text: "# Why\nload",
      url,
      projectId: "ENG"
    })
    const comment = event({ type: "Comment", action: "create", data: { body: "\non it\r\nnow", url, issue: full } })
    assert.deepInclude(comment, { title: "on it", text: "on it\nnow", url, projectId: "ENG" })
    assert.deepInclude(event({ type: "IssueLabel", data: { name: "bug" } }), { title: "bug", text: null, url: null })
    assert.strictEqual(issue({ identifier: "ENG-1" }).title, "ENG-1")
    assert.strictEqual(issue().title, "Linear issue update")
    assert.deepInclude(event({ type: "IssueSLA", action: "breached", issueData: full }), {
      title: "ENG-1 API 5xx",
      dataPath: "issueData"
    })
    for (const key of ["", "a\u0000", "x".repeat(257), 7]) assert.isNull(issue({ team: { key } }).projectId)
  })

  it("happened when Linear says so, if that has come", () => {
    const at = (more: object) => DateTime.formatIso(issue({}, more).occurredAt)
    assert.strictEqual(at({ createdAt: "2026-01-01T00:00:00.000Z", webhookTimestamp: 1 }), "2026-01-01T00:00:00.000Z")
    assert.strictEqual(at({ webhookTimestamp: 1767225600000 }), "2026-01-01T00:00:00.000Z")
    assert.strictEqual(at({ createdAt: "2027-01-01T00:00:00.000Z" }), DateTime.formatIso(now))
  })

  it("are the same when stamped anew, and only then", () => {
    const key = (body: unknown, headers = {}) => event(body, { headers }).dedupKey
    const body = { action: "update", type: "Issue", data: { id: "i", webhookTimestamp: 1 }, webhookTimestamp: 1 }
    assert.strictEqual(key(body), key({ ...body, webhookTimestamp: 2 }))
    assert.strictEqual(key(body, { "linear-delivery": "a" }), key(body, { "linear-delivery": "b" }))
    assert.notStrictEqual(key(body), key({ ...body, data: { id: "i", webhookTimestamp: 2 } }))
    assert.notStrictEqual(key(body), key({ ...body, action: "remove" }))
    for (const [one, other] of [["[1]", "[2]"], ["x", "y"], ["1", "2"], ["{}", "[]"]] as const) {
      assert.strictEqual(key(one), key(one))
      assert.notStrictEqual(key(one), key(other))
    }
  })

  it("are read however deep they nest", () => {
    const nested = (end: string) =>
      `{"type":"Issue","action":"create","x":${"[".repeat(10_000)}${end}${"]".repeat(10_000)}}`
    const one = event(nested("1"))
    assert.deepInclude(one, { type: "linear.issue.create", body: nested("1") })
    assert.notStrictEqual(one.dedupKey, event(nested("2")).dedupKey)
    assert.strictEqual(event("[".repeat(500_000)).type, "linear.unknown.unknown")
  })

  it("become an event, whatever they hold", () => {
    const names = [
      "id",
      "identifier",
      "title",
      "name",
      "body",
      "description",
      "priority",
      "team",
      "state",
      "issue",
      "url"
    ]
    const data = FastCheck.dictionary(FastCheck.constantFrom(...names), FastCheck.jsonValue())
    const told = FastCheck.record({ type: FastCheck.jsonValue(), action: FastCheck.string(), data })
    const body = FastCheck.oneof(told.map(bytesOf), FastCheck.json().map(bytesOf), FastCheck.uint8Array())
    FastCheck.assert(
      FastCheck.property(body, (bytes) => {
        const one = event(bytes)
        assert.match(one.type, /^linear\.[a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64}$/)
        assert.match(one.dedupKey, /^linear:[0-9a-f]{64}$/)
        assert.isTrue(one.title.length > 0 && one.title.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(one.title))
        assert.isTrue(one.text === null || one.text !== "")
      }),
      { numRuns: 500 }
    )
  })
})

describe("the time at which Linear signed", () => {
  const nowMs = DateTime.toEpochMillis(now)
  const stale = (webhookTimestamp: unknown, { stale } = linear) =>
    stale?.(linear.read(bytesOf({ webhookTimestamp })), now)

  it("may be a day ago and a minute ahead", () => {
    const day = Duration.toMillis("1 day")
    for (const fine of [nowMs, nowMs - day, nowMs + 60_000, undefined, null, "1"]) assert.isUndefined(stale(fine))
    assert.match(String(stale(nowMs - day - 1)), /LINEAR_WEBHOOK_MAX_AGE/)
    assert.match(String(stale(0)), /LINEAR_WEBHOOK_MAX_AGE/)
    assert.match(String(stale(nowMs + 60_001)), /ahead/)
  })

  it("may be as long ago as the operator says", () => {
    const strict = linearWebhook(Duration.minutes(1))
    assert.isUndefined(stale(nowMs - 60_000, strict))
    assert.match(String(stale(nowMs - 60_001, strict)), /more than 1m ago/)
    assert.isUndefined(stale(0, linearWebhook(Duration.infinity)))
  })

  it.effect("is configured by LINEAR_WEBHOOK_MAX_AGE", () =>
    Effect.gen(function*() {
      const read = (value?: string) =>
        Effect.withConfigProvider(
          webhookMaxAge,
          ConfigProvider.fromMap(new Map(value === undefined ? [] : [["LINEAR_WEBHOOK_MAX_AGE", value]]))
        )
      assert.strictEqual(Duration.toMillis(yield* read()), Duration.toMillis("24 hours"))
      assert.strictEqual(Duration.toMillis(yield* read("90 seconds")), 90_000)
      for (const bad of ["59 seconds", "-1 hour", "often", ""]) {
        assert.include(String(yield* Effect.flip(read(bad))), "LINEAR_WEBHOOK_MAX_AGE")
      }
    }))
})
