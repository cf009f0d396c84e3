import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { lying, status, throttled } from "../../src/sandbox/Fault.ts"
import { makeLinear } from "../../src/sandbox/linear/linear.ts"
import type { StandIn } from "../../src/sandbox/StandIn.ts"
import { ask, json, read } from "./ask.ts"

const gql = ({ url }: StandIn, query: string, variables: unknown = {}, authorization = "lin_api_sandbox") =>
  ask(url, { body: { query, variables }, headers: { authorization } })

const Failure = read(Schema.Struct({
  errors: Schema.NonEmptyArray(Schema.Struct({
    message: Schema.String,
    extensions: Schema.Struct({ code: Schema.String, type: Schema.String, userPresentableMessage: Schema.String })
  }))
}))

const issues = `query Issues($first:Int!,$after:String,$filter:IssueFilter){
  issues(first:$first,after:$after,filter:$filter,orderBy:updatedAt){
    nodes{ identifier title priority state{ name } assignee{ name } labels(first:10){ nodes{ name } } createdAt }
    pageInfo{ hasNextPage endCursor } } }`
const create = `mutation Create($input:IssueCreateInput!){ issueCreate(input:$input){ success
  issue{ identifier title url state{ name } } } }`
const makeLabel = `mutation Label($input:IssueLabelCreateInput!){ issueLabelCreate(input:$input){ success
  issueLabel{ id name } } }`
const teams = "query($first:Int!,$after:String){ teams(first:$first,after:$after){ nodes{ id name key issueCount } " +
  "pageInfo{ hasNextPage endCursor } } }"

const identifiers = (standIn: StandIn, filter: unknown) =>
  gql(standIn, issues, { first: 50, filter }).pipe(
    Effect.flatMap(read(Schema.Struct({
      data: Schema.Struct({
        issues: Schema.Struct({ nodes: Schema.Array(Schema.Struct({ identifier: Schema.String })) })
      })
    }))),
    Effect.map(({ data }) => data.issues.nodes.map((one) => one.identifier))
  )

describe("Linear's stand-in", () => {
  it.scoped("takes an API key raw and an OAuth token as Bearer", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const verify = (authorization: string) =>
        gql(standIn, "{ viewer { id } organization { urlKey } }", {}, authorization)
      assert.strictEqual((yield* verify("lin_api_sandbox")).status, 200)
      assert.strictEqual((yield* verify("Bearer lin_oauth_sandbox")).status, 200)
      assert.strictEqual((yield* verify("Bearer lin_api_sandbox")).status, 400)
      const refused = yield* verify("lin_api_wrong")
      assert.strictEqual(refused.status, 401)
      const { errors: [error] } = yield* Failure(refused)
      assert.strictEqual(error.extensions.code, "AUTHENTICATION_ERROR")
    }))

  it.scoped("lists the document's teams, page by page", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const eng = { id: "team-eng", name: "Engineering", key: "ENG", issueCount: 142 }
      const plt = { id: "team-platform", name: "Platform", key: "PLT", issueCount: 87 }
      const first = yield* gql(standIn, teams, { first: 1 })
      assert.deepStrictEqual(json(first), {
        data: { teams: { nodes: [eng], pageInfo: { hasNextPage: true, endCursor: "team-eng" } } }
      })
      assert.deepStrictEqual(json(yield* gql(standIn, teams, { first: 1, after: "team-eng" })), {
        data: { teams: { nodes: [plt], pageInfo: { hasNextPage: false, endCursor: "team-platform" } } }
      })
      assert.strictEqual(first.headers.get("x-ratelimit-requests-limit"), "2500")
      assert.isAbove(Number(first.headers.get("x-complexity")), 0)
    }))

  it.scoped("filters issues by team, state, assignee, labels, and by and/or", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const inProgress = { state: { name: { eqIgnoreCase: "in progress" } } }
      assert.deepStrictEqual(yield* identifiers(standIn, {}), ["ENG-347", "PLT-101", "ENG-346"])
      assert.deepStrictEqual(yield* identifiers(standIn, { team: { id: { eq: "team-eng" } }, ...inProgress }), [
        "ENG-347"
      ])
      assert.deepStrictEqual(yield* identifiers(standIn, { team: { key: { eqIgnoreCase: "plt" } } }), ["PLT-101"])
      assert.deepStrictEqual(yield* identifiers(standIn, { assignee: { null: true } }), ["ENG-346"])
      assert.deepStrictEqual(yield* identifiers(standIn, { assignee: { name: { startsWith: "Maria" } } }), ["ENG-347"])
      assert.deepStrictEqual(
        yield* identifiers(standIn, { assignee: { or: [{ null: true }, { name: { eq: "Fabiano Cruz" } }] } }),
        ["PLT-101", "ENG-346"]
      )
      assert.deepStrictEqual(yield* identifiers(standIn, { labels: { name: { eq: "security" } } }), ["ENG-347"])
      assert.deepStrictEqual(
        yield* identifiers(standIn, { or: [{ number: { eq: 346 } }, { team: { name: { eq: "Platform" } } }] }),
        ["PLT-101", "ENG-346"]
      )
    }))

  it.scoped("gives the document's issue whole", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const answer = yield* gql(standIn, issues, { first: 1, filter: { number: { eq: 347 } } })
      assert.deepStrictEqual(json(answer), {
        data: {
          issues: {
            nodes: [{
              identifier: "ENG-347",
              title: "Add rate limiting to public API",
              priority: 2,
              state: { name: "In Progress" },
              assignee: { name: "Maria Silva" },
              labels: { nodes: [{ name: "backend" }, { name: "security" }] },
              createdAt: "2026-03-19T10:00:00.000Z"
            }],
            pageInfo: { hasNextPage: false, endCursor: "7f0c1c5e-3d8a-4b1e-9a56-0d6f5f3a0347" }
          }
        }
      })
    }))

  it.scoped("creates ENG-348 in Todo, counts it, and detects a client id used twice", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const input = {
        id: "11111111-2222-4333-8444-555555555555",
        teamId: "team-eng",
        title: "Investigate flaky test in auth module",
        priority: 3,
        labelIds: ["label-bug"]
      }
      assert.deepStrictEqual(json(yield* gql(standIn, create, { input })), {
        data: {
          issueCreate: {
            success: true,
            issue: {
              identifier: "ENG-348",
              title: input.title,
              url: "https://linear.app/acme/issue/ENG-348",
              state: { name: "Todo" }
            }
          }
        }
      })
      const again = yield* gql(standIn, create, { input })
      const { errors: [error] } = yield* Failure(again)
      assert.strictEqual(again.status, 200)
      assert.strictEqual(error.message, "conflict on insert of Issue")
      assert.strictEqual(error.extensions.userPresentableMessage, `Entity Issue with id ${input.id} already exists.`)
      const found = yield* gql(standIn, "query($id:String!){ issue(id:$id){ identifier } }", { id: input.id })
      assert.deepStrictEqual(json(found), { data: { issue: { identifier: "ENG-348" } } })
      assert.include((yield* gql(standIn, teams, { first: 5 })).text, "\"issueCount\":143")
    }))

  it.scoped("refuses what Linear refuses in an issue", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const refusal = (input: unknown) =>
        gql(standIn, create, { input }).pipe(
          Effect.flatMap(Failure),
          Effect.map(({ errors: [error] }) => error.message)
        )
      assert.strictEqual(yield* refusal({ teamId: "nope", title: "t" }), "Entity not found: Team")
      assert.strictEqual(yield* refusal({ teamId: "team-eng" }), "Argument Validation Error")
      assert.strictEqual(yield* refusal({ teamId: "team-eng", title: "t", priority: 5 }), "Argument Validation Error")
      assert.strictEqual(
        yield* refusal({ teamId: "team-eng", title: "t", labelIds: ["gone"] }),
        "Entity not found: IssueLabel"
      )
      assert.strictEqual((yield* gql(standIn, create, { input: { title: 1 } })).status, 400)
    }))

  it.scoped("makes labels once, and knows names that lists do not show", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const label = (name: string) => gql(standIn, makeLabel, { input: { name, teamId: "team-eng" } })
      assert.include((yield* label("flaky-test")).text, "\"success\":true")
      for (const taken of ["flaky-test", "Bug", "BACKEND", "legacy"]) {
        const { errors: [error] } = yield* Failure(yield* label(taken))
        assert.strictEqual(error.message, "Duplicate label name")
      }
      const names = (query: string) =>
        Effect.map(gql(standIn, `{ issueLabels(${query}){ nodes{ name team{ id } } } }`), (answer) => answer.text)
      const hidden = yield* names("first:50,includeArchived:true")
      assert.include(hidden, "legacy")
      assert.notInclude(yield* names("first:50"), "legacy")
      const workspace = yield* names("first:50,filter:{or:[{team:{null:true}}],name:{in:[\"backend\",\"bug\"]}}")
      assert.strictEqual(workspace, "{\"data\":{\"issueLabels\":{\"nodes\":[{\"name\":\"backend\",\"team\":null}]}}}")
    }))

  it.scoped("refuses ids that are no ids, unknown fields, too complex and malformed queries", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const refusal = (query: string, variables?: unknown) =>
        Effect.gen(function*() {
          const answer = yield* gql(standIn, query, variables)
          const { errors: [error] } = yield* Failure(answer)
          return [answer.status, error.message.split("\n")[0], error.extensions.code]
        })
      assert.deepStrictEqual(yield* refusal(issues, { first: 1, filter: { team: { id: { eq: "ENG" } } } }), [
        200,
        "Argument Validation Error",
        "INPUT_ERROR"
      ])
      assert.deepStrictEqual(yield* refusal("{ viewer { birthday } }"), [
        400,
        "Cannot query field \"birthday\" on type \"User\".",
        "GRAPHQL_VALIDATION_FAILED"
      ])
      const unbounded = "{ issues(first:250){ nodes{ id title labels{ nodes{ id name } } } } }"
      assert.deepStrictEqual(yield* refusal(unbounded), [400, "Query too complex", "INPUT_ERROR"])
      const bounded = "{ issues(first:250){ nodes{ id title labels(first:10){ nodes{ id name } } } } }"
      assert.strictEqual((yield* gql(standIn, bounded)).status, 200)
      assert.strictEqual((yield* refusal("{ viewer {"))[0], 400)
      const malformed = yield* ask(standIn.url, { body: "{", headers: { authorization: "lin_api_sandbox" } })
      assert.strictEqual(malformed.status, 400)
      assert.deepStrictEqual(yield* refusal("{ issue(id:\"ENG-999\"){ id } }"), [
        200,
        "Entity not found: Issue",
        "INPUT_ERROR"
      ])
    }))

  it.scoped("accepts the integration's operations word for word", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      const page = "pageInfo{ hasNextPage endCursor }"
      const operations = [
        ["query Verify { viewer { id name email } organization { id urlKey name } }", {}],
        [
          `query Issues($first:Int!,$after:String,$filter:IssueFilter){
            issues(first:$first,after:$after,filter:$filter,orderBy:updatedAt){ nodes{ id identifier title url priority
            priorityLabel createdAt updatedAt state{ id name type } team{ id key name } assignee{ id name email }
            labels(first:10){ nodes{ id name } } } ${page} } }`,
          { first: 100, after: null, filter: null }
        ],
        [
          `query Labels($filter:IssueLabelFilter,$first:Int!){ issueLabels(filter:$filter,first:$first,includeArchived:true){
            nodes{ id name isGroup archivedAt retiredAt parent{ id } team{ id } } ${page} } }`,
          { first: 100, filter: { or: [{ team: { null: true } }, { team: { id: { eq: "team-eng" } } }] } }
        ],
        [
          `mutation Create($input:IssueCreateInput!){ issueCreate(input:$input){ success issue{ id identifier title url
            state{ id name type } team{ id key } } } }`,
          { input: { teamId: "team-platform", title: "t", description: "d" } }
        ],
        ["query Get($id:String!){ issue(id:$id){ id identifier title url state{ id name type } } }", { id: "PLT-102" }]
      ] as const
      for (const [query, variables] of operations) {
        const answer = yield* gql(standIn, query, variables)
        assert.strictEqual(answer.status, 200, answer.text)
        assert.notInclude(answer.text, "\"errors\"")
      }
    }))

  it.scoped("throttles with HTTP 400, lies with HTTP 200, and fails without JSON", () =>
    Effect.gen(function*() {
      const standIn = yield* makeLinear()
      yield* standIn.script(throttled(9), lying, status(502))
      const limited = yield* gql(standIn, "{ viewer { id } }")
      assert.strictEqual(limited.status, 400)
      assert.strictEqual(limited.headers.get("x-ratelimit-requests-reset"), "9000")
      const { errors: [error] } = yield* Failure(limited)
      assert.strictEqual(error.extensions.code, "RATELIMITED")
      const lie = yield* gql(standIn, "{ viewer { id } }")
      assert.strictEqual(lie.status, 200)
      assert.strictEqual((yield* Failure(lie)).errors[0].extensions.type, "internal error")
      assert.match((yield* gql(standIn, "{ viewer { id } }")).text, /^upstream connect error/)
    }))
})
