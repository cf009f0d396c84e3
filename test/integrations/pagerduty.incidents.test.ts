import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Schema } from "effect"
import { IncidentPage } from "../../src/integrations/pagerduty/domain.ts"
import { answering, incident, incidents, page, resolved } from "../fakes/pagerduty.ts"
import { refusal, result, sent } from "../fakes/Upstream.ts"

const parameters = Effect.map(sent, ([call]) => new URL(call?.url ?? "").searchParams)

/** The first incident of a page of one, as callers see it. */
const shown = (fields: Readonly<Record<string, unknown>>) =>
  result(incidents()).pipe(
    Effect.flatMap(Schema.encode(IncidentPage)),
    Effect.map(({ incidents }) => incidents[0]),
    Effect.provide(answering([page([incident(fields)])]))
  )

const total = (fields: Readonly<Record<string, unknown>>) =>
  Effect.map(
    Effect.provide(result(incidents()), answering([page([incident(), incident({ id: "P2" })], fields)])),
    ({ total }) => total
  )

describe("the list of incidents", () => {
  it.effect("is answered in the documented form", () =>
    Effect.gen(function*() {
      deepStrictEqual(yield* Schema.encode(IncidentPage)(yield* result(incidents())), {
        incidents: [{
          id: "P1INC001",
          title: "High error rate on /api/checkout",
          status: "triggered",
          urgency: "high",
          service: "api-gateway",
          createdAt: "2026-03-21T14:05:00Z",
          assignee: { name: "Fabiano Cruz", email: "f@acme.com" }
        }],
        total: 1
      })
    }).pipe(Effect.provide(answering([page([incident()], { total: 1 })]))))

  it.effect("is asked for of any age, newest first, with its total", () =>
    Effect.gen(function*() {
      yield* result(incidents({ limit: 40 }))
      const asked = yield* parameters
      assert.strictEqual((yield* sent)[0]?.method, "GET")
      assert.strictEqual(new URL((yield* sent)[0]?.url ?? "").pathname, "/incidents")
      deepStrictEqual(
        ["date_range", "sort_by", "time_zone", "total", "limit"].map((name) => asked.getAll(name)),
        [["all"], ["created_at:desc"], ["UTC"], ["true"], ["40"]]
      )
      deepStrictEqual(["since", "until", "service_ids[]"].map((name) => asked.has(name)), [false, false, false])
      assert.include(asked.getAll("include[]"), "assignees")
    }).pipe(Effect.provide(answering([page([])]))))

  it.effect.each(
    [
      [["triggered"]],
      [["triggered", "acknowledged"]],
      [["resolved", "acknowledged", "triggered"]]
    ] as const
  )("repeats statuses[] for each of %j", ([statuses]) =>
    Effect.gen(function*() {
      yield* result(incidents({ statuses }))
      const asked = yield* parameters
      deepStrictEqual(asked.getAll("statuses[]"), [...statuses])
      assert.isFalse(asked.has("statuses"))
    }).pipe(Effect.provide(answering([page([])]))))

  it.effect("keeps PagerDuty's order", () =>
    Effect.gen(function*() {
      const found = yield* result(incidents())
      deepStrictEqual(found.incidents.map(({ id }) => id), ["P3", "P1", "P2"])
    }).pipe(Effect.provide(answering([page(["P3", "P1", "P2"].map((id) => incident({ id })))]))))

  it.effect("counts what it holds where PagerDuty gives no total", () =>
    Effect.gen(function*() {
      deepStrictEqual(
        yield* Effect.all([
          total({ total: 57 }),
          total({ total: null }),
          total({ total: undefined }),
          total({ total: 0 })
        ]),
        [57, 2, 2, 0]
      )
    }))

  it.effect("has no assignee where assignments are empty, null or missing", () =>
    Effect.gen(function*() {
      for (const assignments of [[], null, undefined]) assert.isNull((yield* shown({ assignments }))?.assignee)
    }))

  it.effect("names the first assignee, also one that is only a reference", () =>
    Effect.gen(function*() {
      const assignment = (assignee: object) => ({ at: "2026-03-21T14:05:00Z", assignee })
      const reference = assignment({ id: "P9", type: "user_reference", summary: "Tim Wright" })
      const full = assignment({ id: "P8", name: "Ada", email: "ada@acme.com" })
      deepStrictEqual((yield* shown({ assignments: [reference, full] }))?.assignee, { name: "Tim Wright", email: null })
      deepStrictEqual((yield* shown({ assignments: [full, reference] }))?.assignee, {
        name: "Ada",
        email: "ada@acme.com"
      })
    }))

  it.effect("names the service by its name, its summary, or not at all", () =>
    Effect.gen(function*() {
      const service = (service: unknown) => Effect.map(shown({ service }), (found) => found?.service)
      assert.strictEqual(yield* service({ id: "P1", name: "checkout", summary: "Checkout (prod)" }), "checkout")
      assert.strictEqual(yield* service({ id: "P1", summary: "Checkout (prod)" }), "Checkout (prod)")
      assert.isNull(yield* service({ id: "P1", summary: null }))
      assert.isNull(yield* service(null))
    }))

  it.effect("takes what PagerDuty sends as null or leaves out", () =>
    Effect.gen(function*() {
      const found = yield* shown({
        acknowledgements: null,
        assignments: null,
        title: null,
        urgency: null,
        service: null,
        last_status_change_at: null
      })
      deepStrictEqual([found?.title, found?.urgency], ["[#2] High error rate on /api/checkout", "high"])
      assert.strictEqual((yield* shown({ title: undefined, summary: null }))?.title, "P1INC001")
      const bare = { id: "P1", status: "triggered", created_at: "2026-03-21T14:05:00Z" }
      const [only] = (yield* Effect.provide(result(incidents()), answering([page([bare])]))).incidents
      assert.strictEqual(only?.title, "P1")
    }))

  it.effect("takes a resolved one, whose assignments are empty", () =>
    Effect.gen(function*() {
      const { incidents: [only] } = yield* result(incidents({ statuses: ["resolved"] }))
      deepStrictEqual([only?.status, only?.assignee], ["resolved", null])
    }).pipe(Effect.provide(answering([page([resolved])]))))

  it.effect("takes an acknowledger that is a service", () =>
    Effect.gen(function*() {
      const acknowledgements = [{
        at: "2026-03-21T14:06:00Z",
        acknowledger: { id: "PSVC1", type: "service_reference" }
      }]
      assert.strictEqual((yield* shown({ status: "acknowledged", acknowledgements }))?.status, "acknowledged")
    }))

  it.effect("normalises offsets and fractions", () =>
    Effect.gen(function*() {
      const createdAt = (created_at: string) => Effect.map(shown({ created_at }), (found) => found?.createdAt)
      assert.strictEqual(yield* createdAt("2026-03-21T07:05:00-07:00"), "2026-03-21T14:05:00Z")
      assert.strictEqual(yield* createdAt("2026-03-21T14:05:00.750Z"), "2026-03-21T14:05:00Z")
    }))

  it.effect("says where an answer is odd", () =>
    Effect.gen(function*() {
      const error = yield* refusal(incidents())
      assert.strictEqual(error.details, "PagerDuty answered with something unexpected at incidents.1.status")
    }).pipe(Effect.provide(answering([page([incident(), incident({ status: "canary" })])]))))
})
