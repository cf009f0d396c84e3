import { Schema } from "effect"
import { Timestamp } from "../../domain/Timestamp.ts"

/*
 * What Linear's GraphQL API sends for our operations. Fields that its schema says are never null are required where
 * our answer cannot do without them.
 */

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

/** One page of a list (Relay's connections, as far as we read them). */
export interface Connection<A> {
  readonly nodes: ReadonlyArray<A>
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | undefined }
}

const Connection = <A, I>(Node: Schema.Schema<A, I>) =>
  Schema.Struct({
    nodes: Schema.Array(Node),
    pageInfo: Schema.Struct({ hasNextPage: Schema.Boolean, endCursor: nullable(Schema.String) })
  })

const State = Schema.Struct({ name: Schema.String })

const TeamKey = Schema.Struct({ id: Schema.String, key: Schema.String })
export type TeamKey = typeof TeamKey.Type

const Team = Schema.Struct({ ...TeamKey.fields, name: Schema.String, issueCount: Schema.Int })

const Issue = Schema.Struct({
  identifier: Schema.String,
  title: Schema.String,
  priority: nullable(Schema.Int),
  createdAt: Timestamp,
  state: State,
  assignee: nullable(Schema.Struct({ name: Schema.String })),
  labels: nullable(Schema.Struct({ nodes: Schema.Array(Schema.Struct({ name: Schema.String })) }))
})
export type Issue = typeof Issue.Type

const CreatedIssue = Schema.Struct({
  identifier: Schema.String,
  title: Schema.String,
  url: Schema.String,
  state: State
})
export type CreatedIssue = typeof CreatedIssue.Type

const Label = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  isGroup: nullable(Schema.Boolean),
  archivedAt: nullable(Schema.String),
  retiredAt: nullable(Schema.String),
  parent: nullable(Schema.Struct({ id: Schema.String }))
})
export type Label = typeof Label.Type

export const Teams = Schema.Struct({ teams: Connection(Team) })
export const TeamKeys = Schema.Struct({ teams: Connection(TeamKey) })
export const Issues = Schema.Struct({ issues: Schema.Struct({ nodes: Schema.Array(Issue) }) })
export const FoundIssue = Schema.Struct({ issue: CreatedIssue })
export const IssueCreate = Schema.Struct({
  issueCreate: Schema.Struct({ success: Schema.Boolean, issue: nullable(CreatedIssue) })
})
export const Labels = Schema.Struct({ issueLabels: Connection(Label) })
export const LabelCreate = Schema.Struct({
  issueLabelCreate: Schema.Struct({
    success: Schema.Boolean,
    issueLabel: nullable(Schema.Struct({ id: Schema.String }))
  })
})

/** For calls whose data says nothing that we need. */
export const Anything = Schema.Struct({})
