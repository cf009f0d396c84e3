import { assert, describe, it } from "@effect/vitest"
import { DateTime, FastCheck } from "effect"
import { pagerdutyWebhook } from "../../src/integrations/pagerduty/webhook.ts"
import { bytesOf, events, now } from "./webhookEvents.ts"

const event = events.pagerduty
const incident = (event_type: string, data: object = {}, more: object = {}) =>
  event({ event: { id: "e", event_type, data: { id: "P1", type: "incident", ...data }, ...more } })

const types = ["triggered", "reopened", "unacknowledged", "escalated", "acknowledged", "resolved", "priority_updated"]

describe("PagerDuty's signatures", () => {
  const hex = "0123456789abcdef".repeat(4)
  const count = (header: string) => pagerdutyWebhook.signatures(header).length

  it("are those of version 1, however many", () => {
    assert.strictEqual(count(`v1=${hex}`), 1)
    assert.strictEqual(count(`v1=${hex},v1=${hex.toUpperCase()}`), 2)
    assert.strictEqual(count(` v1=${hex} ,, v2=${hex},v1=abc, v1=${hex}`), 2)
    for (const none of ["", hex, `v2=${hex}`, `v1 =${hex}`, `V1=${hex}`, `v1=${hex}0`, `v1=${hex};v1=${hex}`]) {
      assert.strictEqual(count(none), 0, none)
    }
  })
})

describe("PagerDuty's deliveries", () => {
  it("keep PagerDuty's own types", () => {
    for (const type of ["incident.triggered", "incident.conference_bridge.updated", "service.updated", "pagey.ping"]) {
      assert.strictEqual(incident(type).type, type)
    }
    for (const odd of ["", "a b", "a*", "x".repeat(129), "é", 7, null, undefined]) {
      assert.deepInclude(event({ event: { event_type: odd } }), { type: "pagerduty.unknown", forAgent: false })
    }
    for (const body of ["not JSON", "[]", "null", "{}", "{\"event\":7}", ""]) {
      assert.deepInclude(event(body), { type: "pagerduty.unknown", severity: "info", body })
    }
  })

  it("reach an agent where there is something to do, or nothing left to do", () => {
    for (const type of types) assert.isTrue(incident(`incident.${type}`).forAgent, type)
    for (const type of ["incident.annotated", "incident.reassigned", "service.updated", "pagey.ping"]) {
      assert.isFalse(incident(type).forAgent, type)
    }
  })

  it("are as bad as the incident is urgent, also when it is over", () => {
    for (const type of types) {
      assert.strictEqual(incident(`incident.${type}`, { urgency: "high" }).severity, "critical")
      assert.strictEqual(incident(`incident.${type}`, { urgency: "low" }).severity, "warning")
      assert.strictEqual(incident(`incident.${type}`).severity, "error")
    }
    assert.strictEqual(incident("incident.annotated").severity, "info")
    assert.strictEqual(incident("service.updated", { urgency: "high" }).severity, "info")
  })

  it("say where the incident stands", () => {
    const state = (type: string) => incident(type).state
    assert.deepStrictEqual(
      ["incident.triggered", "incident.acknowledged", "incident.unacknowledged", "incident.resolved"].map(state),
      ["open", "acknowledged", "open", "resolved"]
    )
  })

  it("are of one group with all that is about the same incident", () => {
    const note = { type: "incident_note", id: "N1", incident: { id: "P1" } }
    assert.strictEqual(incident("incident.triggered").groupKey, "pagerduty:incident:P1")
    assert.strictEqual(incident("incident.annotated", note).groupKey, "pagerduty:incident:P1")
    assert.strictEqual(incident("incident.triggered", { type: undefined }).groupKey, "pagerduty:incident:P1")
    for (const data of [{ type: "service" }, { type: "incident_note" }, { id: "a b" }, { id: undefined }]) {
      assert.isNull(incident("incident.triggered", data).groupKey)
    }
    assert.isNull(incident("service.updated", { type: "service" }).groupKey)
  })

  it("have the title, text, link and project that the data offer", () => {
    const reference = { id: "P1", summary: "API 5xx", html_url: "https://acme.pagerduty.com/incidents/P1" }
    const note = { type: "incident_note", title: undefined, content: "looking\ninto it", incident: reference }
    assert.deepInclude(incident("incident.annotated", note), {
      title: "API 5xx",
      text: "looking\ninto it",
      url: reference.html_url,
      projectId: null
    })
    const full = {
      title: "API  5xx\n",
      summary: "[#2] API 5xx",
      html_url: "https://acme.pagerduty.com/incidents/P1",
      service: { summary: "api-gateway" },
      priority: { summary: "P1" },
      assignees: [{ summary: "Ada" }, {}, { summary: "Grace" }]
    }
    assert.deepInclude(incident("incident.triggered", full), {
      title: "API 5xx",
      text: "Priority: P1\nAssigned to: Ada, Grace",
      url: full.html_url,
      projectId: "api-gateway"
    })
    assert.strictEqual(incident("incident.triggered", { summary: "[#2]" }).title, "[#2]")
    assert.strictEqual(incident("incident.triggered").title, "PagerDuty incident.triggered")
    assert.strictEqual(incident("service.updated", { type: "service", summary: "billing" }).projectId, "billing")
    for (const summary of ["", "a\u0000", "x".repeat(257), 7, null]) {
      assert.isNull(incident("incident.triggered", { service: { summary } }).projectId)
    }
  })

  it("happened when PagerDuty says so, if that has come", () => {
    const at = (occurred_at: unknown) =>
      DateTime.formatIso(incident("incident.triggered", {}, { occurred_at }).occurredAt)
    assert.strictEqual(at("2026-01-02T18:45:22.169Z"), "2026-01-02T18:45:22.169Z")
    for (const odd of ["2027-01-01T00:00:00Z", "yesterday", 7, null]) {
      assert.strictEqual(at(odd), DateTime.formatIso(now))
    }
  })

  it("are the same where the signed id is, whatever the header says", () => {
    const key = (event_: object, webhookId?: string) =>
      event({ event: event_ }, { headers: { ...(webhookId !== undefined && { "x-webhook-id": webhookId }) } }).dedupKey
    assert.strictEqual(key({ id: "1", a: 1 }, "x"), key({ id: "1", a: 2 }, "y"))
    assert.strictEqual(key({ id: 1 }), key({ id: "1" }))
    assert.notStrictEqual(key({ id: "1" }), key({ id: "2" }))
    assert.strictEqual(key({ a: 1 }, "x"), key({ a: 2 }, "x"))
    assert.notStrictEqual(key({ a: 1 }, "x"), key({ a: 1 }, "y"))
    assert.notStrictEqual(key({ a: 1 }), key({ a: 2 }))
    assert.strictEqual(key({ a: 1 }), key({ a: 1 }))
    assert.notStrictEqual(key({ id: "x" }), key({ a: 1 }, "x"))
  })

  it("become an event, whatever they hold", () => {
    const names = [
      "id",
      "type",
      "title",
      "summary",
      "urgency",
      "service",
      "incident",
      "assignees",
      "content",
      "html_url"
    ]
    const data = FastCheck.dictionary(FastCheck.constantFrom(...names), FastCheck.jsonValue())
    const told = FastCheck.record({ id: FastCheck.jsonValue(), event_type: FastCheck.string(), data })
    const body = FastCheck.oneof(
      told.map((event) => bytesOf({ event })),
      FastCheck.json().map(bytesOf),
      FastCheck.uint8Array()
    )
    FastCheck.assert(
      FastCheck.property(body, (bytes) => {
        const one = event(bytes)
        assert.match(one.type, /^[A-Za-z0-9_.-]{1,128}$/)
        assert.match(one.dedupKey, /^pagerduty:[0-9a-f]{64}$/)
        assert.isTrue(one.title.length > 0 && one.title.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(one.title))
        assert.isTrue(one.text === null || one.text !== "")
      }),
      { numRuns: 500 }
    )
  })
})
