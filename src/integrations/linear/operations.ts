import type { Schema } from "effect"
import * as Wire from "./wire.ts"

/** A GraphQL operation. The document never varies: all that callers send goes into variables. */
export interface Operation<A, I> {
  /** Names the span: `issues.list`. */
  readonly name: string
  readonly document: string
  readonly data: Schema.Schema<A, I>
}

const operation = <A, I>(name: string, data: Schema.Schema<A, I>, document: string): Operation<A, I> => ({
  name,
  data,
  document
})

/**
 * Linear's largest page is not documented, but takes this many. A query may cost 10,000 points: 0.1 for a scalar, 1 for
 * an object, times the size of every list around it, so each list below is bounded.
 */
export const pageSize = 100

export const verify = operation("viewer.get", Wire.Anything, "query Verify { viewer { id } organization { id } }")

export const listTeams = operation(
  "teams.list",
  Wire.Teams,
  `query Teams($first: Int!, $after: String) {
    teams(first: $first, after: $after) { nodes { id name key issueCount } pageInfo { hasNextPage endCursor } }
  }`
)

/** As `listTeams`, without having Linear count. */
export const listTeamKeys = operation(
  "teams.keys",
  Wire.TeamKeys,
  `query TeamKeys($first: Int!, $after: String) {
    teams(first: $first, after: $after) { nodes { id key } pageInfo { hasNextPage endCursor } }
  }`
)

/**
 * Newest first by creation: the order shows in the answer, and does not change under a reader as the last update's
 * would. With 50 labels each, Linear's own default, 100 issues cost about 6,000 points.
 */
export const listIssues = operation(
  "issues.list",
  Wire.Issues,
  `query Issues($first: Int!, $filter: IssueFilter) {
    issues(first: $first, filter: $filter, orderBy: createdAt) {
      nodes {
        identifier title priority createdAt
        state { name }
        assignee { name }
        labels(first: 50) { nodes { name } }
      }
    }
  }`
)

export const getIssue = operation(
  "issues.get",
  Wire.FoundIssue,
  "query Issue($id: String!) { issue(id: $id) { identifier title url state { name } } }"
)

export const createIssue = operation(
  "issues.create",
  Wire.IssueCreate,
  `mutation CreateIssue($input: IssueCreateInput!) {
    issueCreate(input: $input) { success issue { identifier title url state { name } } }
  }`
)

export const listLabels = operation(
  "labels.list",
  Wire.Labels,
  `query Labels($first: Int!, $after: String, $filter: IssueLabelFilter, $includeArchived: Boolean!) {
    issueLabels(first: $first, after: $after, filter: $filter, includeArchived: $includeArchived) {
      nodes { id name isGroup archivedAt retiredAt parent { id } }
      pageInfo { hasNextPage endCursor }
    }
  }`
)

export const createLabel = operation(
  "labels.create",
  Wire.LabelCreate,
  `mutation CreateLabel($input: IssueLabelCreateInput!) {
    issueLabelCreate(input: $input) { success issueLabel { id } }
  }`
)
