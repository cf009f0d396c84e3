import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { OrgId } from "../../src/domain/Ids.ts"
import { Linear } from "../../src/integrations/linear/Linear.ts"
import * as Operations from "../../src/integrations/linear/operations.ts"
import {
  answering,
  badGateway,
  Calls,
  config,
  data,
  failed,
  refusal,
  type Reply,
  result,
  type Sent
} from "./linear.fake.ts"

const team = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"
const body = { title: "Investigate flaky test in auth module", teamId: team }
const once = { orgId: Schema.decodeSync(OrgId)("org-acme-corp"), key: "k-1" }

const issue = {
  identifier: "ENG-348",
  title: body.title,
  url: "https://linear.app/acme/issue/ENG-348",
  state: { name: "Todo" }
}
const answer = { id: "ENG-348", title: body.title, status: "Todo", url: issue.url }

const made = data({ issueCreate: { success: true, issue } })
const read = data({ issue })
const taken = failed("invalid input", "INPUT_ERROR", "conflict on insert of Issue", {
  words: "Entity Issue with id 0 already exists."
})
const unknownIssue = failed("invalid input", "INPUT_ERROR", "Entity not found: Issue")

interface Label {
  readonly id: string
  readonly name: string
  readonly [field: string]: unknown
}
const labels = (nodes: ReadonlyArray<Label>, next?: string) =>
  data({ issueLabels: { nodes, pageInfo: { hasNextPage: next !== undefined, endCursor: next ?? null } } })
const labelMade = (id: string) => data({ issueLabelCreate: { success: true, issueLabel: { id } } })
const duplicate = failed("invalid input", "INPUT_ERROR", "Duplicate label name")

const create = (fields: object = {}, idempotency?: typeof once) =>
  Effect.flatMap(Linear, (linear) => linear.create(config, { ...body, ...fields }, idempotency))

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const Input = Schema.decodeUnknown(Schema.Struct({
  id: Schema.optional(Schema.String),
  labelIds: Schema.optional(Schema.Array(Schema.String))
}))

/** The input of every `issueCreate` that was sent. */
const inputs = Effect.gen(function*() {
  const sent = (yield* yield* Calls).filter(({ query }) => query === Operations.createIssue.document)
  return yield* Effect.forEach(sent, ({ variables }) => Input(variables["input"]))
})

const names: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(Operations).flatMap((one) => typeof one === "number" ? [] : [[one.document, one.name]])
)
const operation = ({ query }: Sent) => names[query]
const operations = Effect.map(Effect.flatten(Calls), (sent) => sent.map(operation))

const against = (...replies: ReadonlyArray<Reply>) => Effect.provide(answering(...replies))

describe("creating an issue", () => {
  it.effect("sends what was given under a random version 4 UUID", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* result(create({ description: "Test `auth.spec.ts:42`", priority: 0 })), answer)
      yield* result(create())
      const [first, second] = (yield* yield* Calls).map(({ variables }) => variables["input"])
      assert.deepInclude(first, { ...body, description: "Test `auth.spec.ts:42`", priority: 0 })
      assert.hasAllKeys(second, ["id", "teamId", "title"])
      const [one, other] = yield* inputs
      assert.match(one?.id ?? "", uuidV4)
      assert.notStrictEqual(one?.id, other?.id)
    }).pipe(against(made, made)))

  it.effect("finds the team by its key", () =>
    Effect.gen(function*() {
      yield* result(create({ teamId: "eng" }))
      assert.deepInclude((yield* yield* Calls)[1]?.variables["input"], { teamId: team })
    }).pipe(against(
      data({ teams: { nodes: [{ id: team, key: "ENG" }], pageInfo: { hasNextPage: false, endCursor: null } } }),
      made
    )))

  it.effect("in an unknown team is refused in Linear's words, once", () =>
    Effect.gen(function*() {
      const error = yield* refusal(create())
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Could not find referenced Team.")
    }).pipe(against(
      failed("invalid input", "INPUT_ERROR", "Entity not found: Team", { words: "Could not find referenced Team." })
    )))

  it.effect("is repeated under the same id while the outcome is unknown: a conflict means that the issue is there", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* result(create()), answer)
      assert.deepStrictEqual(yield* operations, ["issues.create", "issues.create", "issues.create", "issues.get"])
      const ids = new Set((yield* inputs).map(({ id }) => id))
      assert.strictEqual(ids.size, 1)
      assert.deepStrictEqual((yield* yield* Calls)[3]?.variables, { id: [...ids][0] })
    }).pipe(against(badGateway, "cut", taken, read)))

  it.effect("is repeated after errors that come with the issue, too", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* result(create()), answer)
      assert.strictEqual(new Set((yield* inputs).map(({ id }) => id)).size, 1)
    }).pipe(against(
      {
        status: 200,
        body: {
          data: { issueCreate: { success: true, issue } },
          errors: [{ message: "Internal server error", extensions: { type: "internal error", code: "INTERNAL_ERROR" } }]
        }
      },
      taken,
      read
    )))

  it.effect("with a key that was used before answers with the issue of then", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* result(create({}, once)), answer)
      assert.deepStrictEqual(yield* result(create({}, once)), answer)
      assert.deepStrictEqual(yield* operations, ["issues.create", "issues.create", "issues.get"])
      const [first, second] = yield* inputs
      assert.match(first?.id ?? "", uuidV4)
      assert.strictEqual(first?.id, second?.id)
    }).pipe(against(made, taken, read)))

  it.effect("is refused when the id is taken by an issue that cannot be read", () =>
    Effect.gen(function*() {
      const error = yield* refusal(create({}, once))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Entity Issue with id 0 already exists.")
    }).pipe(against(taken, unknownIssue)))

  for (const success of [true, false]) {
    it.effect(`without an issue in the answer and success ${success} is unreadable, unless the issue is there`, () =>
      Effect.gen(function*() {
        const error = yield* refusal(create())
        if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
        assert.strictEqual(error.reason, "unreadable")
        assert.strictEqual(error.details, "Linear did not say that the issue was created")
        assert.deepStrictEqual(yield* result(create()), answer)
      }).pipe(against(
        data({ issueCreate: { success, issue: null } }),
        unknownIssue,
        data({ issueCreate: { success, issue: null } }),
        read
      )))
  }

  it.effect("gives up at the deadline", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(create())).details, "Request timeout after 10000ms")
    }).pipe(against(badGateway, "silent")))
})

describe("a new issue's labels", () => {
  it.effect("are matched whatever their case on all pages, each once, and the missing ones made in the team", () =>
    Effect.gen(function*() {
      yield* result(create({ labels: ["Bug", "BACKEND", "flaky-test", "bug ", "Flaky-Test"] }))
      assert.deepStrictEqual(yield* operations, ["labels.list", "labels.list", "labels.create", "issues.create"])
      const [list, next, make] = (yield* yield* Calls).map(({ variables }) => variables)
      const filter = {
        and: [
          { or: [{ team: { null: true } }, { team: { id: { eq: team } } }] },
          { or: ["Bug", "BACKEND", "flaky-test"].map((name) => ({ name: { eqIgnoreCase: name } })) }
        ]
      }
      assert.deepStrictEqual(list, { first: 100, includeArchived: false, filter })
      assert.deepStrictEqual(next, { first: 100, after: "c1", includeArchived: false, filter })
      assert.deepStrictEqual(make, { input: { name: "flaky-test", teamId: team } })
      assert.deepStrictEqual((yield* inputs)[0]?.labelIds, ["l-bug", "l-backend", "l-flaky"])
    }).pipe(against(
      labels([{ id: "l-bug", name: "bug" }], "c1"),
      labels([{ id: "l-backend", name: "Backend", archivedAt: null, parent: { id: "g" } }]),
      labelMade("l-flaky"),
      made
    )))

  it.effect("are not asked for where there are none", () =>
    Effect.gen(function*() {
      yield* result(create({ labels: [] }))
      assert.deepStrictEqual(yield* operations, ["issues.create"])
      assert.isUndefined((yield* inputs)[0]?.labelIds)
    }).pipe(against(made)))

  it.effect("are never groups, retired or archived ones", () =>
    Effect.gen(function*() {
      yield* result(create({ labels: ["bug"] }))
      assert.deepStrictEqual((yield* inputs)[0]?.labelIds, ["l-new"])
    }).pipe(against(
      labels([
        { id: "l-1", name: "bug", isGroup: true },
        { id: "l-2", name: "bug", retiredAt: "2026-01-01T00:00:00.000Z" },
        { id: "l-3", name: "bug", archivedAt: "2026-01-01T00:00:00.000Z" }
      ]),
      labelMade("l-new"),
      made
    )))

  it.effect("that somebody made meanwhile, we ourselves before a cut perhaps, are found again", () =>
    Effect.gen(function*() {
      yield* result(create({ labels: ["bug"] }))
      assert.deepStrictEqual(yield* operations, [
        "labels.list",
        "labels.create",
        "labels.create",
        "labels.list",
        "issues.create"
      ])
      assert.propertyVal((yield* yield* Calls)[3]?.variables, "includeArchived", true)
      assert.deepStrictEqual((yield* inputs)[0]?.labelIds, ["l-bug"])
    }).pipe(against(labels([]), "cut", duplicate, labels([{ id: "l-bug", name: "Bug" }]), made)))

  it.effect("that are taken and not to be had are left out", () =>
    Effect.gen(function*() {
      yield* result(create({ labels: ["legacy", "bug"] }))
      assert.deepStrictEqual((yield* inputs)[0]?.labelIds, ["l-bug"])
    }).pipe(against(
      labels([{ id: "l-bug", name: "bug" }]),
      duplicate,
      labels([{ id: "l-legacy", name: "legacy", archivedAt: "2025-11-02T09:00:00.000Z" }]),
      made
    )))

  it.effect("of one group are refused before anything is made", () =>
    Effect.gen(function*() {
      const error = yield* refusal(create({ labels: ["Tests", "missing", "Improvement"] }))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Labels of one group exclude each other: Tests, Improvement")
      assert.deepStrictEqual(yield* operations, ["labels.list"])
    }).pipe(against(labels([
      { id: "l-1", name: "Tests", parent: { id: "g" } },
      { id: "l-2", name: "Improvement", parent: { id: "g" } }
    ]))))

  it.effect("that Linear does not let us make are refused in its words", () =>
    Effect.gen(function*() {
      const error = yield* refusal(create({ labels: ["bug"] }))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Only admins can create labels.")
    }).pipe(against(
      labels([]),
      failed("forbidden", "FORBIDDEN", "Forbidden", { status: 403, words: "Only admins can create labels." })
    )))

  it.effect("that were made without an id are unreadable", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* refusal(create({ labels: ["bug"] })), "reason", "unreadable")
    }).pipe(against(labels([]), data({ issueLabelCreate: { success: false, issueLabel: null } }))))
})
