import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import { oneLine } from "../../upstream/Dialect.ts"
import { Upstream } from "../../upstream/Upstream.ts"
import { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { LinearConfig } from "./definition.ts"
import { dialect } from "./dialect.ts"
import type * as Domain from "./domain.ts"
import { allPages, makeSend, unreadable } from "./graphql.ts"
import { type Idempotency, issueId } from "./issueId.ts"
import { makeLabels } from "./labels.ts"
import * as Operations from "./operations.ts"
import type * as Wire from "./wire.ts"

type Upstreamed = UpstreamFailed | UpstreamRejected

/** What is left out does not filter; without `team` the configured one does. */
export interface IssueQuery {
  /** An id or a key. */
  readonly team?: string | undefined
  /** A state's name, whatever its case. */
  readonly status?: string | undefined
  /** A user's id. */
  readonly assignee?: string | undefined
  /** 1 to 100. */
  readonly limit: number
}

/** Linear in our terms. Every method is one operation under one deadline. */
export class Linear extends Context.Tag("integrations/Linear")<Linear, {
  /** All that the key can see. */
  readonly teams: (config: LinearConfig) => Effect.Effect<ReadonlyArray<Domain.Team>, Upstreamed>
  /** Newest first. `UpstreamRejected` when there is no such team. */
  readonly issues: (config: LinearConfig, query: IssueQuery) => Effect.Effect<Domain.IssuePage, Upstreamed>
  /**
   * Creates one issue, never two: an attempt whose outcome is unknown is repeated under the same id. With
   * `idempotency` a later repeat gives the issue that the first one created, as it is by then.
   */
  readonly create: (
    config: LinearConfig,
    issue: Domain.NewIssue,
    idempotency: Idempotency | undefined
  ) => Effect.Effect<Domain.CreatedIssue, Upstreamed>
  /** The cheapest call that tells whether the key is good. */
  readonly verify: (config: LinearConfig) => Effect.Effect<void, Upstreamed>
}>() {}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const issue = (from: Wire.Issue): Domain.Issue => ({
  id: from.identifier,
  title: from.title,
  status: from.state.name,
  priority: from.priority ?? 0,
  assignee: from.assignee === undefined ? null : { name: from.assignee.name },
  labels: from.labels?.nodes.map(({ name }) => name) ?? [],
  createdAt: from.createdAt
})

const created = (from: Wire.CreatedIssue): Domain.CreatedIssue => ({
  id: from.identifier,
  title: from.title,
  status: from.state.name,
  url: from.url
})

const noSuchTeam = (team: string) =>
  new VendorFailure({
    vendor: dialect.vendor,
    kind: "missing",
    details: oneLine(`No team that the API key can see has the id or key "${team}"`)
  })

export const LinearLive = Layer.effect(
  Linear,
  Effect.gen(function*() {
    const send = yield* makeSend
    const labelIds = makeLabels(send)
    const operation = (yield* Upstream).operation(dialect.vendor)

    const teams = (config: LinearConfig) =>
      allPages("teams", (page) => Effect.map(send(config, Operations.listTeams, page), ({ teams }) => teams))

    /**
     * The id of a team by its id or its key. Linear's own ids are UUIDs and taken as they are; anything else is looked
     * up, because comparing it with ids may be an input error and keys may be typed in any case.
     */
    const teamId = (config: LinearConfig, team: string) =>
      uuid.test(team)
        ? Effect.succeed(team)
        : allPages("teams", (page) => Effect.map(send(config, Operations.listTeamKeys, page), ({ teams }) => teams))
          .pipe(
            Effect.flatMap((all) => {
              const found = all.find(({ id }) => id === team) ??
                all.find(({ key }) => key.toLowerCase() === team.toLowerCase())
              return found === undefined ? noSuchTeam(team) : Effect.succeed(found.id)
            })
          )

    const issues = (config: LinearConfig, { assignee, limit, status, team = config.teamId }: IssueQuery) =>
      Effect.gen(function*() {
        const filter = {
          ...(team !== undefined && { team: { id: { eq: yield* teamId(config, team) } } }),
          ...(status !== undefined && { state: { name: { eqIgnoreCase: status } } }),
          ...(assignee !== undefined && { assignee: { id: { eq: assignee } } })
        }
        const { issues: { nodes } } = yield* send(config, Operations.listIssues, { first: limit, filter })
        return { issues: nodes.map(issue), total: nodes.length }
      })

    const getIssue = (config: LinearConfig, id: string) =>
      Effect.map(send(config, Operations.getIssue, { id }), ({ issue }) => issue)

    /**
     * Linear does not answer a repeat with the issue: it refuses an id that is taken. So this is safe to repeat, and a
     * refusal means that the issue is there to be read, unless the id was taken elsewhere.
     */
    const createIssue = (config: LinearConfig, input: { readonly id: string; readonly [field: string]: unknown }) =>
      send(config, Operations.createIssue, { input }).pipe(
        Effect.flatMap(({ issueCreate: { issue, success } }) =>
          success && issue !== undefined
            ? Effect.succeed(issue)
            : unreadable("Linear did not say that the issue was created")
        ),
        Effect.catchIf(
          ({ kind }) => kind === "conflict" || kind === "unreadable",
          (failure) =>
            Effect.catchIf(getIssue(config, input.id), ({ kind }) => kind === "missing", () => Effect.fail(failure))
        )
      )

    const create = (config: LinearConfig, issue: Domain.NewIssue, idempotency: Idempotency | undefined) =>
      Effect.gen(function*() {
        const team = yield* teamId(config, issue.teamId)
        const labels = yield* labelIds(config, team, issue.labels ?? [])
        const id = idempotency === undefined
          ? yield* Effect.sync(() => randomUUID())
          : issueId(idempotency, team, issue)
        return created(
          yield* createIssue(config, {
            id,
            teamId: team,
            title: issue.title,
            ...(issue.description !== undefined && { description: issue.description }),
            ...(issue.priority !== undefined && { priority: issue.priority }),
            ...(labels.length > 0 && { labelIds: labels })
          })
        )
      })

    return {
      teams: (config) => operation(teams(config)),
      issues: (config, query) => operation(issues(config, query)),
      create: (config, issue, idempotency) => operation(create(config, issue, idempotency)),
      verify: (config) => operation(Effect.asVoid(send(config, Operations.verify, {})))
    }
  })
)
