import { buildSchema } from "graphql"

/** The part of Linear's published schema that the integration uses, with the vendor's names and nullability. */
export const linearSchema = buildSchema(`
scalar DateTime
scalar JSONObject
scalar TimelessDate

enum PaginationOrderBy { createdAt updatedAt }

input IDComparator { eq: ID neq: ID in: [ID!] nin: [ID!] }
input IssueIDComparator { eq: ID neq: ID in: [ID!] nin: [ID!] }
input BooleanComparator { eq: Boolean neq: Boolean }
input NumberComparator { eq: Float neq: Float in: [Float!] nin: [Float!] lt: Float lte: Float gt: Float gte: Float }
input NullableNumberComparator {
  eq: Float neq: Float in: [Float!] nin: [Float!] null: Boolean lt: Float lte: Float gt: Float gte: Float
}
input StringComparator {
  eq: String neq: String in: [String!] nin: [String!] eqIgnoreCase: String neqIgnoreCase: String
  startsWith: String startsWithIgnoreCase: String notStartsWith: String endsWith: String notEndsWith: String
  contains: String containsIgnoreCase: String notContains: String notContainsIgnoreCase: String
}
input DateComparator { eq: DateTime neq: DateTime lt: DateTime lte: DateTime gt: DateTime gte: DateTime }

input TeamFilter { id: IDComparator key: StringComparator name: StringComparator and: [TeamFilter!] or: [TeamFilter!] }
input NullableTeamFilter {
  null: Boolean id: IDComparator key: StringComparator name: StringComparator
  and: [NullableTeamFilter!] or: [NullableTeamFilter!]
}
input WorkflowStateFilter {
  id: IDComparator name: StringComparator type: StringComparator
  and: [WorkflowStateFilter!] or: [WorkflowStateFilter!]
}
input NullableUserFilter {
  null: Boolean id: IDComparator name: StringComparator email: StringComparator
  and: [NullableUserFilter!] or: [NullableUserFilter!]
}
input IssueLabelCollectionFilter {
  id: IDComparator name: StringComparator some: IssueLabelFilter every: IssueLabelFilter
}
input IssueLabelFilter {
  id: IDComparator name: StringComparator isGroup: BooleanComparator team: NullableTeamFilter
  and: [IssueLabelFilter!] or: [IssueLabelFilter!]
}
input IssueFilter {
  id: IssueIDComparator number: NumberComparator title: StringComparator priority: NullableNumberComparator
  createdAt: DateComparator updatedAt: DateComparator
  team: TeamFilter state: WorkflowStateFilter assignee: NullableUserFilter labels: IssueLabelCollectionFilter
  and: [IssueFilter!] or: [IssueFilter!]
}

input IssueCreateInput {
  id: String teamId: String! title: String description: String priority: Int stateId: String assigneeId: String
  labelIds: [String!] projectId: String parentId: String dueDate: TimelessDate
}
input IssueLabelCreateInput {
  id: String name: String! description: String color: String parentId: String teamId: String isGroup: Boolean
}

type PageInfo { hasPreviousPage: Boolean! hasNextPage: Boolean! startCursor: String endCursor: String }
type Organization { id: ID! name: String! urlKey: String! }
type User { id: ID! name: String! displayName: String! email: String! active: Boolean! }
type WorkflowState { id: ID! name: String! type: String! team: Team! }
type Team { id: ID! key: String! name: String! issueCount(includeArchived: Boolean = false): Int! }
type TeamConnection { nodes: [Team!]! pageInfo: PageInfo! }
type IssueLabel {
  id: ID! name: String! isGroup: Boolean! archivedAt: DateTime retiredAt: DateTime parent: IssueLabel team: Team
}
type IssueLabelConnection { nodes: [IssueLabel!]! pageInfo: PageInfo! }
type Issue {
  id: ID! identifier: String! number: Float! title: String! description: String url: String!
  priority: Float! priorityLabel: String! createdAt: DateTime! updatedAt: DateTime! archivedAt: DateTime
  state: WorkflowState! team: Team! assignee: User
  labels(filter: IssueLabelFilter, first: Int, after: String, includeArchived: Boolean): IssueLabelConnection!
}
type IssueConnection { nodes: [Issue!]! pageInfo: PageInfo! }
type IssuePayload { lastSyncId: Float! issue: Issue success: Boolean! }
type IssueLabelPayload { lastSyncId: Float! issueLabel: IssueLabel! success: Boolean! }

type Query {
  viewer: User!
  organization: Organization!
  teams(
    filter: TeamFilter, first: Int, after: String, includeArchived: Boolean, orderBy: PaginationOrderBy
  ): TeamConnection!
  team(id: String!): Team!
  issues(
    filter: IssueFilter, first: Int, after: String, includeArchived: Boolean, orderBy: PaginationOrderBy
  ): IssueConnection!
  issue(id: String!): Issue!
  issueLabels(
    filter: IssueLabelFilter, first: Int, after: String, includeArchived: Boolean, orderBy: PaginationOrderBy
  ): IssueLabelConnection!
}
type Mutation {
  issueCreate(input: IssueCreateInput!): IssuePayload!
  issueLabelCreate(input: IssueLabelCreateInput!): IssueLabelPayload!
}
`)
