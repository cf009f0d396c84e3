import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Schema } from "effect"
import { Acknowledgement } from "../../src/integrations/pagerduty/domain.ts"
import {
  acknowledge,
  acknowledged,
  acknowledgedAt,
  answering,
  failed,
  incident,
  one,
  resolved,
  worded
} from "../fakes/pagerduty.ts"
import {
  type Answer,
  failing,
  json,
  late,
  paths,
  refusal,
  result,
  sent,
  silent,
  stalled,
  text
} from "../fakes/Upstream.ts"

const get = "GET /incidents/P1INC001"
const put = "PUT /incidents/P1INC001"
const note = "POST /incidents/P1INC001/notes"

const triggered = one(incident())
const taken = one(acknowledged())
const noted = json({ note: { id: "PNOTE1", content: "x" } })

const at = (answer: { readonly acknowledgement: Acknowledgement }) =>
  Effect.map(Schema.encode(Acknowledgement)(answer.acknowledgement), ({ acknowledgedAt }) => acknowledgedAt)

describe("acknowledging", () => {
  it.effect("reads first, then writes, and answers with PagerDuty's time", () =>
    Effect.gen(function*() {
      const answer = yield* result(acknowledge())
      deepStrictEqual(yield* Schema.encode(Acknowledgement)(answer.acknowledgement), {
        id: "P1INC001",
        status: "acknowledged",
        acknowledgedAt
      })
      assert.isTrue(answer.changed)
      assert.strictEqual(answer.incident.title, "High error rate on /api/checkout")
      deepStrictEqual(yield* paths, [get, put])
      deepStrictEqual((yield* sent)[1]?.body, { incident: { type: "incident_reference", status: "acknowledged" } })
    }).pipe(Effect.provide(answering([triggered, taken]))))

  it.effect("says who acts on writes only", () =>
    Effect.gen(function*() {
      yield* result(acknowledge({ acknowledgedBy: "agent", changes: { fromEmail: "f@acme.com" } }))
      deepStrictEqual((yield* sent).map(({ headers, method }) => [method, headers["from"]]), [
        ["GET", undefined],
        ["PUT", "f@acme.com"],
        ["POST", "f@acme.com"]
      ])
    }).pipe(Effect.provide(answering([triggered, taken, noted]))))

  it.effect("says nothing of who acts where nobody is configured", () =>
    Effect.gen(function*() {
      yield* result(acknowledge())
      assert.isTrue((yield* sent).every(({ headers }) => headers["from"] === undefined))
    }).pipe(Effect.provide(answering([triggered, taken]))))

  it.effect("takes the first of several times, and falls back to the last change of status", () =>
    Effect.gen(function*() {
      const time = (fields: object) =>
        Effect.flatMap(
          Effect.provide(result(acknowledge()), answering([triggered, one(acknowledged({ ...fields }))])),
          at
        )
      const acknowledgements = [{ at: "2026-03-21T14:09:00Z" }, { at: "2026-03-21T16:07:00.5+02:00" }]
      assert.strictEqual(yield* time({ acknowledgements }), "2026-03-21T14:07:00Z")
      for (const none of [null, [], undefined]) {
        assert.strictEqual(yield* time({ acknowledgements: none }), acknowledgedAt)
      }
      const byService = [{ at: "2026-03-21T14:08:00Z", acknowledger: { id: "PSVC1", type: "service_reference" } }]
      assert.strictEqual(yield* time({ acknowledgements: byService }), "2026-03-21T14:08:00Z")
    }))

  it.effect("does not claim an acknowledgement that PagerDuty does not show", () =>
    Effect.gen(function*() {
      for (
        const answer of [one(incident()), one(acknowledged({ acknowledgements: null, last_status_change_at: null }))]
      ) {
        const error = yield* Effect.provide(refusal(acknowledge()), answering([triggered, answer]))
        assert.isTrue(error._tag === "UpstreamFailed" && error.reason === "unreadable")
      }
    }))
})

describe("an incident that cannot be acknowledged", () => {
  it.effect("is already acknowledged: the original time, and no write", () =>
    Effect.gen(function*() {
      const answer = yield* result(acknowledge({ acknowledgedBy: "agent" }))
      assert.isFalse(answer.changed)
      assert.strictEqual(yield* at(answer), acknowledgedAt)
      deepStrictEqual(yield* paths, [get])
    }).pipe(Effect.provide(answering([taken]))))

  it.effect("is resolved: it is never reopened", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(acknowledge({ acknowledgedBy: "agent" })))._tag, "IncidentResolved")
      deepStrictEqual(yield* paths, [get])
    }).pipe(Effect.provide(answering([one(resolved)]))))

  it.effect.each<readonly [what: string, answer: Answer]>([
    ["404 with 2100", failed(404, 2100, "Not Found")],
    ["404 with 5001", failed(404, 5001, "Incident Not Found")],
    ["404 without a body", text("", { status: 404 })],
    ["400 with 5001", failed(400, 5001, "Incident Not Found")],
    ["404 with a string", worded(404, "Not Found")]
  ])("is unknown: %s", ([, answer]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(acknowledge()))._tag, "IncidentNotFound")
      deepStrictEqual(yield* paths, [get])
    }).pipe(Effect.provide(answering([answer]))))

  it.effect.each([
    "../users/me",
    "..",
    "P1/../P2",
    "P1/merge",
    "P1?x",
    "P1#",
    "%2e%2e",
    "",
    " ",
    "P 1",
    "é",
    "x".repeat(65)
  ])(
    "is never asked for as %j",
    (id) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* refusal(acknowledge({ id })))._tag, "IncidentNotFound")
        deepStrictEqual(yield* paths, [])
      }).pipe(Effect.provide(answering([])))
  )
})

describe("the note", () => {
  const named = acknowledge({ acknowledgedBy: "agent-proj-abc123" })

  it.effect("names who acknowledged, after the acknowledgement", () =>
    Effect.gen(function*() {
      yield* result(named)
      deepStrictEqual(yield* paths, [get, put, note])
      deepStrictEqual((yield* sent)[2]?.body, { note: { content: "Acknowledged by agent-proj-abc123" } })
    }).pipe(Effect.provide(answering([triggered, taken, noted]))))

  it.effect.each<readonly [what: string, answer: Answer]>([
    ["is refused", failed(400, 2001, "Invalid Input Provided")],
    ["is not allowed", failed(403, 2010, "Access Denied")],
    ["meets an outage", text("", { status: 500 })],
    ["is cut", failing("ECONNRESET")],
    ["hangs", silent],
    ["stalls", stalled()],
    ["is answered with something else", text("<p>")],
    ["is throttled for long", text("", { status: 429, headers: { "ratelimit-reset": "60" } })]
  ])("costs nothing but itself when it %s, and is not sent twice", ([, answer]) =>
    Effect.gen(function*() {
      const { acknowledgement } = yield* result(named)
      assert.strictEqual(acknowledgement.status, "acknowledged")
      deepStrictEqual(yield* paths, [get, put, note])
    }).pipe(Effect.provide(answering([triggered, taken, answer]))))

  it.effect("costs nothing but itself also when little is left of the deadline", () =>
    Effect.gen(function*() {
      const { acknowledgement } = yield* result(named)
      assert.strictEqual(acknowledgement.status, "acknowledged")
      deepStrictEqual(yield* paths, [get, put, note])
    }).pipe(Effect.provide(answering([triggered, late("9 seconds", taken), silent]))))
})
