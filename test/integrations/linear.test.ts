import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, FastCheck, Schema } from "effect"
import { parse, validate } from "graphql"
import { OrgId } from "../../src/domain/Ids.ts"
import { NewIssue } from "../../src/integrations/linear/domain.ts"
import { issueId } from "../../src/integrations/linear/issueId.ts"
import { Linear } from "../../src/integrations/linear/Linear.ts"
import * as Operations from "../../src/integrations/linear/operations.ts"
import { complexity, maxComplexity } from "../../src/sandbox/linear/complexity.ts"
import { linearSchema } from "../../src/sandbox/linear/schema.ts"
import { answeredBy, answering, Calls, config, data, failed, refusal, result } from "./linear.fake.ts"

const eng = { id: "9cfb482a-81e3-4154-b5b9-2c805e70a02d", name: "Engineering", key: "ENG", issueCount: 142 }
const plt = { id: "1f2e3d4c-0000-4000-8000-000000000002", name: "Platform", key: "PLT", issueCount: 87 }

const teams = (nodes: ReadonlyArray<object>, next?: string) =>
  data({ teams: { nodes, pageInfo: { hasNextPage: next !== undefined, endCursor: next ?? null } } })

const found = {
  identifier: "ENG-347",
  title: "Add rate limiting to public API",
  priority: 2,
  createdAt: "2026-03-19T07:00:00.123-03:00",
  state: { name: "In Progress" },
  assignee: { name: "Maria Silva" },
  labels: { nodes: [{ name: "backend" }, { name: "security" }] }
}
const issues = (...nodes: ReadonlyArray<object>) => data({ issues: { nodes } })

describe("Linear's documents", () => {
  const documents = Object.values(Operations).flatMap((one) => typeof one === "number" ? [] : [one])

  it("are valid against Linear's schema", () => {
    assert.lengthOf(documents, 8)
    for (const { document, name } of documents) {
      assert.deepStrictEqual(validate(linearSchema, parse(document)).map(({ message }) => message), [], name)
    }
  })

  it("stay below what one query may cost, at the largest page", () => {
    for (const { document, name } of documents) {
      assert.isBelow(complexity(parse(document), { first: Operations.pageSize }), maxComplexity * 0.7, name)
    }
  })
})

describe("Linear's teams", () => {
  const list = Effect.flatMap(Linear, (linear) => linear.teams(config))

  it.effect("come from all pages", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* result(list), [eng, plt])
      assert.deepStrictEqual((yield* yield* Calls).map(({ variables }) => variables), [
        { first: 100 },
        { first: 100, after: "c1" }
      ])
    }).pipe(Effect.provide(answering(teams([eng], "c1"), teams([plt])))))

  it.effect("are not read for ever when the cursor does not advance", () =>
    Effect.gen(function*() {
      const error = yield* refusal(list)
      if (error._tag !== "UpstreamFailed") return assert.fail(error._tag)
      assert.strictEqual(error.reason, "unreadable")
      assert.lengthOf(yield* yield* Calls, 2)
    }).pipe(Effect.provide(answering(teams([eng], "c1"), teams([plt], "c1")))))

  it.effect("are not read for ever when cursors go round", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(list)).details, "Linear's list of teams does not end")
      assert.lengthOf(yield* yield* Calls, 50)
    }).pipe(Effect.provide(answeredBy((_, index) => teams([], `c${index % 2}`)))))

  it.effect("are refused when a page that must follow has no cursor", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* refusal(list))._tag, "UpstreamFailed")
    }).pipe(Effect.provide(
      answering(data({ teams: { nodes: [eng], pageInfo: { hasNextPage: true, endCursor: null } } }))
    )))
})

describe("Linear's issues", () => {
  const list = (query: object) => Effect.flatMap(Linear, (linear) => linear.issues(config, { limit: 25, ...query }))

  it.effect("are in the document's shape", () =>
    Effect.gen(function*() {
      const { issues: [first, second], total } = yield* result(list({}))
      assert.strictEqual(total, 2)
      assert.deepStrictEqual({ ...first, createdAt: first && DateTime.formatIso(first.createdAt) }, {
        id: "ENG-347",
        title: "Add rate limiting to public API",
        status: "In Progress",
        priority: 2,
        assignee: { name: "Maria Silva" },
        labels: ["backend", "security"],
        createdAt: "2026-03-19T10:00:00.123Z"
      })
      assert.isNull(second?.assignee)
      assert.deepStrictEqual(second?.labels, [])
      assert.deepStrictEqual((yield* yield* Calls)[0]?.variables, { first: 25, filter: {} })
    }).pipe(Effect.provide(answering(
      issues(found, { ...found, assignee: null, labels: { nodes: [] }, priority: 0 })
    ))))

  it.effect("are filtered by what is given and by nothing else", () =>
    Effect.gen(function*() {
      yield* result(list({ team: eng.id }))
      yield* result(list({ status: "in progress", assignee: "u1", limit: 100 }))
      assert.deepStrictEqual((yield* yield* Calls).map(({ variables }) => variables), [
        { first: 25, filter: { team: { id: { eq: eng.id } } } },
        { first: 100, filter: { state: { name: { eqIgnoreCase: "in progress" } }, assignee: { id: { eq: "u1" } } } }
      ])
    }).pipe(Effect.provide(answering(issues(found), issues()))))

  it.effect("take a team by its key in any case, and by an id that is no UUID", () =>
    Effect.gen(function*() {
      yield* result(list({ team: "plt" }))
      yield* result(list({ team: "team-eng" }))
      const filters = (yield* yield* Calls).flatMap(({ variables: { filter } }) => filter ?? [])
      assert.deepStrictEqual(filters, [{ team: { id: { eq: plt.id } } }, { team: { id: { eq: "team-eng" } } }])
    }).pipe(Effect.provide(answering(
      teams([eng], "c1"),
      teams([plt]),
      issues(),
      // The id goes first: another team may have it for a key.
      teams([{ ...eng, key: "team-eng" }, { ...plt, id: "team-eng" }]),
      issues()
    ))))

  it.effect("of an unknown team are refused with words", () =>
    Effect.gen(function*() {
      const error = yield* refusal(list({ team: "NOPE" }))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "No team that the API key can see has the id or key \"NOPE\"")
    }).pipe(Effect.provide(answering(teams([eng, plt])))))

  it.effect("are those of the configured team where none is asked for", () =>
    Effect.gen(function*() {
      const linear = yield* Linear
      const configured = { ...config, teamId: "ENG" }
      yield* result(linear.issues(configured, { limit: 25 }))
      yield* result(linear.issues(configured, { limit: 25, team: plt.id }))
      const filters = (yield* yield* Calls).flatMap(({ variables: { filter } }) => filter ?? [])
      assert.deepStrictEqual(filters, [{ team: { id: { eq: eng.id } } }, { team: { id: { eq: plt.id } } }])
    }).pipe(Effect.provide(answering(teams([eng]), issues(), issues()))))

  it.effect("are refused in Linear's words when an assignee is no id", () =>
    Effect.gen(function*() {
      const error = yield* refusal(list({ assignee: "maria" }))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "id must be a UUID.")
    }).pipe(Effect.provide(answering(
      failed("invalid input", "INPUT_ERROR", "Argument Validation Error", { words: "id must be a UUID." })
    ))))

  const text = FastCheck.oneof(
    FastCheck.string({ minLength: 1 }),
    FastCheck.constantFrom("\"}) { viewer { id } }", "$filter", "\\\"", "#", "\"\"\"", "{}", "\u2028")
  )
  it.effect.prop(
    "are asked for by one constant document, whatever the filters hold",
    [text, text],
    ([status, assignee]) =>
      Effect.gen(function*() {
        yield* result(list({ status, assignee }))
        const [sent] = yield* yield* Calls
        assert.strictEqual(sent?.query, Operations.listIssues.document)
        assert.deepStrictEqual(sent?.variables, {
          first: 25,
          filter: { state: { name: { eqIgnoreCase: status } }, assignee: { id: { eq: assignee } } }
        })
      }).pipe(Effect.provide(answeredBy(() => issues()))),
    { fastCheck: { numRuns: 25 } }
  )
})

describe("a new issue's body", () => {
  const decode = Schema.decodeUnknownEither(NewIssue)
  const body = { title: "t", teamId: "ENG" }

  it("takes priorities from 0 to 4, and null for what may be left out", () => {
    for (const priority of [0, 1, 2, 3, 4, null, undefined]) {
      assert.propertyVal(decode({ ...body, priority }), "_tag", "Right", `${priority}`)
    }
    assert.deepStrictEqual(Schema.decodeUnknownSync(NewIssue)({ ...body, description: null, labels: null }), body)
  })

  it("refuses anything else", () => {
    const refused = [
      { ...body, priority: -1 },
      { ...body, priority: 5 },
      { ...body, priority: 1.5 },
      { ...body, priority: "1" },
      { ...body, title: "" },
      { ...body, title: " \n" },
      { ...body, teamId: "" },
      { ...body, labels: "bug" },
      { ...body, labels: [""] },
      { ...body, labels: ["a\nb"] },
      { ...body, labels: Array.from({ length: 51 }, String) },
      { ...body, teamid: "ENG" },
      { title: "t" }
    ]
    for (const one of refused) assert.propertyVal(decode(one), "_tag", "Left", JSON.stringify(one))
  })
})

describe("the id behind an Idempotency-Key", () => {
  const orgId = Schema.decodeSync(OrgId)("org-acme-corp")
  const other = Schema.decodeSync(OrgId)("org-other")
  const issue: NewIssue = { title: "t", teamId: "ENG", labels: ["bug"] }

  it.prop("is a version 4 UUID that all of org, key, team and request decide", [FastCheck.string()], ([key]) => {
    const id = issueId({ orgId, key }, eng.id, issue)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.strictEqual(issueId({ orgId, key }, eng.id, { ...issue }), id)
    const others = [
      issueId({ orgId: other, key }, eng.id, issue),
      issueId({ orgId, key: `${key}.` }, eng.id, issue),
      issueId({ orgId, key }, plt.id, issue),
      issueId({ orgId, key }, eng.id, { ...issue, title: "u" }),
      issueId({ orgId, key }, eng.id, { ...issue, labels: ["b", "ug"] })
    ]
    assert.strictEqual(new Set([id, ...others]).size, 6)
  })
})
