import { DateTime, Effect, Layer, Option, Ref } from "effect"
import { UpstreamRejected } from "../../domain/Errors.ts"
import type { CreatedIssue, Issue, Team } from "./domain.ts"
import { Linear } from "./Linear.ts"

export interface FakeLinearState {
  readonly teams: ReadonlyArray<Team>
  readonly issues: ReadonlyArray<Issue>
}

/** What the customer document shows. */
export const documentedLinear: FakeLinearState = {
  teams: [
    { id: "team-eng", name: "Engineering", key: "ENG", issueCount: 142 },
    { id: "team-platform", name: "Platform", key: "PLT", issueCount: 87 }
  ],
  issues: [{
    id: "ENG-347",
    title: "Add rate limiting to public API",
    status: "In Progress",
    priority: 2,
    assignee: { name: "Maria Silva" },
    labels: ["backend", "security"],
    createdAt: DateTime.unsafeMake("2026-03-19T10:00:00Z")
  }]
}

const unknownTeam = new UpstreamRejected({ vendor: "Linear", details: "Entity not found: Team" })

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

/**
 * Linear in memory: takes any key, keeps created issues and numbers them on from the highest. The `assignee` filter,
 * a user's id, finds nothing here: issues know their assignee by name only.
 */
export const FakeLinear = (state: FakeLinearState = documentedLinear): Layer.Layer<Linear> =>
  Layer.effect(
    Linear,
    Effect.gen(function*() {
      const all = yield* Ref.make(state.issues)
      const repeats = yield* Ref.make<ReadonlyMap<string, CreatedIssue>>(new Map())

      const teamOf = (idOrKey: string) =>
        Effect.mapError(
          Option.fromNullable(state.teams.find(({ id, key }) => id === idOrKey || sameName(key, idOrKey))),
          () => unknownTeam
        )

      const nextIdentifier = (issues: ReadonlyArray<Issue>, key: string): string => {
        const numbers = issues.filter(({ id }) => id.startsWith(`${key}-`)).map(({ id }) => Number(id.split("-")[1]))
        return `${key}-${Math.max(0, ...numbers) + 1}`
      }

      const create = Effect.fnUntraced(
        function*(title: string, idOrKey: string, labels: ReadonlyArray<string>, priority: number) {
          const { key } = yield* teamOf(idOrKey)
          const createdAt = yield* DateTime.now
          const id = yield* Ref.modify(all, (issues) => {
            const id = nextIdentifier(issues, key)
            const issue: Issue = { id, title, status: "Todo", priority, assignee: null, labels, createdAt }
            return [id, [issue, ...issues]]
          })
          return { id, title, status: "Todo", url: `https://linear.app/acme/issue/${id}` }
        }
      )

      return {
        teams: () => Effect.succeed(state.teams),
        issues: (config, { assignee, limit, status, team }) =>
          Effect.gen(function*() {
            const wanted = team ?? config.teamId
            const key = wanted === undefined ? undefined : (yield* teamOf(wanted)).key
            const issues = (yield* Ref.get(all))
              .filter((issue) => key === undefined || issue.id.startsWith(`${key}-`))
              .filter((issue) => status === undefined || sameName(issue.status, status))
              .filter(() => assignee === undefined)
              .slice(0, limit)
            return { issues, total: issues.length }
          }),
        create: (_, { labels = [], priority = 0, teamId, title }, idempotency) =>
          Effect.gen(function*() {
            const repeat = idempotency && JSON.stringify([idempotency.orgId, idempotency.key])
            const earlier = repeat === undefined ? undefined : (yield* Ref.get(repeats)).get(repeat)
            if (earlier !== undefined) return earlier
            const created = yield* create(title, teamId, labels, priority)
            if (repeat !== undefined) yield* Ref.update(repeats, (known) => new Map([...known, [repeat, created]]))
            return created
          }),
        verify: () => Effect.void
      }
    })
  )
