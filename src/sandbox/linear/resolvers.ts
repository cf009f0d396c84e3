import { inputError, notFound } from "./failures.ts"
import { checkIds, isUuidV4, passes } from "./filter.ts"
import type { LinearIssue, LinearLabel, LinearSeed, LinearTeam } from "./records.ts"

/** What changes while the stand-in runs. Resolvers replace the fields; one operation owns it at a time. */
export interface Draft {
  teams: ReadonlyArray<LinearTeam>
  labels: ReadonlyArray<LinearLabel>
  issues: ReadonlyArray<LinearIssue>
}

interface Page {
  readonly filter?: unknown
  readonly first?: number | null
  readonly after?: string | null
  readonly includeArchived?: boolean | null
  readonly orderBy?: "createdAt" | "updatedAt" | null
}

interface IssueInput {
  readonly id?: string | null
  readonly teamId: string
  readonly title?: string | null
  readonly description?: string | null
  readonly priority?: number | null
  readonly stateId?: string | null
  readonly assigneeId?: string | null
  readonly labelIds?: ReadonlyArray<string> | null
}

interface LabelInput {
  readonly id?: string | null
  readonly name: string
  readonly teamId?: string | null
  readonly parentId?: string | null
  readonly isGroup?: boolean | null
}

interface LabelNode {
  readonly id: string
  readonly name: string
  readonly isGroup: boolean
  readonly archivedAt: string | null
  readonly retiredAt: string | null
  readonly parent: LabelNode | null
  readonly team: unknown
}

const priorityLabels = ["No priority", "Urgent", "High", "Medium", "Low"]

const pageOf = <A extends { readonly id: string }>(all: ReadonlyArray<A>, { after, first }: Page) => {
  const size = first ?? 50
  if (size < 1 || size > 250) throw inputError("Argument Validation Error", "first must be between 1 and 250.")
  const start = after ? all.findIndex((one) => one.id === after) + 1 : 0
  if (after && start === 0) throw inputError("Argument Validation Error", "after is not a cursor of this list.")
  const nodes = all.slice(start, start + size)
  return {
    nodes,
    pageInfo: {
      hasPreviousPage: start > 0,
      hasNextPage: start + size < all.length,
      startCursor: nodes[0]?.id ?? null,
      endCursor: nodes.at(-1)?.id ?? null
    }
  }
}

/** The root value of one operation, over the draft that it may change. `newId` gives UUIDs; `now` is ISO 8601. */
export const makeRoot = (seed: LinearSeed, draft: Draft, now: string, newId: () => string) => {
  const known = new Set(
    [seed.users, seed.states, draft.teams, draft.labels, draft.issues].flatMap((all) => all.map((one) => one.id))
  )

  const filtered = <A>(filter: unknown, all: ReadonlyArray<A>) => {
    checkIds(filter, known)
    return all.filter((one) => passes(filter, one))
  }

  const teamNode = (id: string | null) => {
    const team = draft.teams.find((one) => one.id === id)
    return team === undefined ? null : { ...team, issueCount: () => team.issueCount }
  }
  const labelNode = (label: LinearLabel): LabelNode => {
    const parent = draft.labels.find((one) => one.id === label.parentId)
    return {
      id: label.id,
      name: label.name,
      isGroup: label.isGroup ?? false,
      archivedAt: label.archivedAt ?? null,
      retiredAt: label.retiredAt ?? null,
      parent: parent === undefined ? null : labelNode(parent),
      team: teamNode(label.teamId)
    }
  }
  const labelsOf = (issue: LinearIssue) =>
    draft.labels.filter((label) => issue.labelIds.includes(label.id)).map(labelNode)
  const identifier = (issue: LinearIssue) =>
    `${draft.teams.find((team) => team.id === issue.teamId)?.key ?? ""}-${issue.number}`
  const plainIssue = (issue: LinearIssue) => {
    const state = seed.states.find((one) => one.id === issue.stateId)
    const assignee = seed.users.find((one) => one.id === issue.assigneeId)
    return {
      ...issue,
      identifier: identifier(issue),
      url: `https://linear.app/${seed.organization.urlKey}/issue/${identifier(issue)}`,
      priorityLabel: priorityLabels[issue.priority],
      state: state === undefined ? undefined : { ...state, team: teamNode(state.teamId) },
      team: teamNode(issue.teamId),
      assignee: assignee === undefined ? null : { ...assignee, displayName: assignee.name, active: true },
      labels: labelsOf(issue)
    }
  }
  const issueNode = (issue: LinearIssue) => ({
    ...plainIssue(issue),
    labels: (page: Page) => pageOf(filtered(page.filter, labelsOf(issue)), page)
  })

  const createIssue = ({ input }: { readonly input: IssueInput }) => {
    const team = draft.teams.find((one) => one.id === input.teamId)
    const labels = (input.labelIds ?? []).map((id) => draft.labels.find((label) => label.id === id))
    const groups = labels.flatMap((label) => label?.parentId ?? [])
    const priority = input.priority ?? 0
    if (input.id && !isUuidV4(input.id)) throw inputError("Argument Validation Error", "id must be a UUID.")
    if (team === undefined) throw notFound("Team")
    if (!input.title) throw inputError("Argument Validation Error", "title should not be empty.")
    if (!(priority in priorityLabels)) {
      throw inputError("Argument Validation Error", "priority must be between 0 and 4.")
    }
    if (input.stateId && !seed.states.some((one) => one.id === input.stateId)) throw notFound("WorkflowState")
    if (input.assigneeId && !seed.users.some((one) => one.id === input.assigneeId)) throw notFound("User")
    if (labels.includes(undefined)) throw notFound("IssueLabel")
    if (labels.some((label) => label?.isGroup)) {
      throw inputError("LabelIds contained label groups", "A label group cannot be set on an issue.")
    }
    if (new Set(groups).size < groups.length) {
      throw inputError("LabelIds not exclusive child labels", "Only one label of a group can be set on an issue.")
    }
    // Linear detects the conflict but does not answer with the issue that is already there.
    if (draft.issues.some((issue) => issue.id === input.id)) {
      throw inputError("conflict on insert of Issue", `Entity Issue with id ${input.id} already exists.`)
    }
    const issue: LinearIssue = {
      id: input.id ?? newId(),
      number: team.nextNumber,
      teamId: team.id,
      title: input.title,
      description: input.description ?? null,
      priority,
      stateId: input.stateId ?? team.defaultStateId,
      assigneeId: input.assigneeId ?? null,
      labelIds: input.labelIds ?? [],
      createdAt: now,
      updatedAt: now
    }
    const grown = { ...team, nextNumber: team.nextNumber + 1, issueCount: team.issueCount + 1 }
    draft.issues = [...draft.issues, issue]
    draft.teams = draft.teams.map((one) => one.id === team.id ? grown : one)
    return { lastSyncId: draft.issues.length, success: true, issue: issueNode(issue) }
  }

  const createLabel = ({ input }: { readonly input: LabelInput }) => {
    const teamId = input.teamId ?? null
    if (teamId !== null && !draft.teams.some((team) => team.id === teamId)) throw notFound("Team")
    // Names are unique across the workspace and the team, in groups too, and even against what lists hide.
    const taken = draft.labels.some((label) =>
      label.name.toLowerCase() === input.name.toLowerCase() &&
      (teamId === null || label.teamId === null || label.teamId === teamId)
    )
    if (taken) throw inputError("Duplicate label name", `A label named "${input.name}" already exists.`)
    const label: LinearLabel = {
      id: input.id ?? newId(),
      name: input.name,
      teamId,
      isGroup: input.isGroup ?? false,
      ...(input.parentId ? { parentId: input.parentId } : {})
    }
    draft.labels = [...draft.labels, label]
    return { lastSyncId: draft.labels.length, success: true, issueLabel: labelNode(label) }
  }

  const [viewer] = seed.users
  return {
    viewer: { ...viewer, displayName: viewer.name, active: true },
    organization: seed.organization,
    teams: (page: Page) => pageOf(filtered(page.filter, draft.teams).flatMap((team) => teamNode(team.id) ?? []), page),
    team: ({ id }: { readonly id: string }) => {
      const found = teamNode(id) ?? teamNode(draft.teams.find((team) => team.key === id)?.id ?? null)
      if (found === null) throw notFound("Team")
      return found
    },
    issues: (page: Page) => {
      const by = page.orderBy ?? "createdAt"
      const seen = draft.issues.filter((issue) => page.includeArchived || issue.archivedAt === undefined)
      const found = filtered(page.filter, seen.map(plainIssue)).toSorted((a, b) => b[by].localeCompare(a[by]))
      return pageOf(found.map(issueNode), page)
    },
    issue: ({ id }: { readonly id: string }) => {
      const found = draft.issues.find((issue) => issue.id === id || identifier(issue) === id.toUpperCase())
      if (found === undefined) throw notFound("Issue")
      return issueNode(found)
    },
    issueLabels: (page: Page) => {
      const seen = draft.labels.filter((label) => page.includeArchived || label.archivedAt === undefined)
      return pageOf(filtered(page.filter, seen.map(labelNode)), page)
    },
    issueCreate: createIssue,
    issueLabelCreate: createLabel
  }
}
