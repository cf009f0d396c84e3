import { Schema } from "effect"
import { VendorId } from "../../api/queries.ts"
import { optionally, strictly } from "../../domain/Integration.ts"
import { example } from "../../domain/Text.ts"
import { Timestamp } from "../../domain/Timestamp.ts"

export const Team = Schema.Struct({
  id: Schema.String.annotations(example("team-eng")),
  name: Schema.String.annotations(example("Engineering")),
  key: Schema.String.annotations({ description: "What the team's issues are numbered under", ...example("ENG") }),
  issueCount: Schema.Int.annotations({ description: "All issues that are not archived, done ones included" })
}).annotations({ identifier: "LinearTeam", description: "A Linear team" })
export type Team = typeof Team.Type

const identifier = Schema.String.annotations({
  description: "The issue's identifier: the team's key and a number",
  ...example("ENG-347")
})
const status = Schema.String.annotations({ description: "The name of the workflow state", ...example("In Progress") })

export const Issue = Schema.Struct({
  id: identifier,
  title: Schema.String,
  status,
  priority: Schema.Int.annotations({ description: "0 none, 1 urgent, 2 high, 3 medium, 4 low" }),
  assignee: Schema.NullOr(Schema.Struct({ name: Schema.String })),
  labels: Schema.Array(Schema.String).annotations({ description: "The labels' names" }),
  createdAt: Timestamp
}).annotations({ identifier: "LinearIssue", description: "A Linear issue" })
export type Issue = typeof Issue.Type

export const IssuePage = Schema.Struct({
  issues: Schema.Array(Issue),
  total: Schema.Int.annotations({ description: "How many issues this answer holds: Linear counts no others" })
})
export type IssuePage = typeof IssuePage.Type

/** Many more labels than an issue can be read with, and few enough to look up within the deadline. */
const maxLabels = 50

const LabelName = Schema.String.pipe(
  Schema.pattern(/^(?=.*\S)[^\p{Cc}]{1,256}$/u, {
    message: () => "expected 1 to 256 characters without control characters, not all of them blank"
  })
)

/** The body that creates an issue. `teamId` takes an id or a key. */
export const NewIssue = Schema.Struct({
  title: Schema.String.pipe(Schema.pattern(/\S/, { message: () => "expected a title that is not blank" }))
    .annotations({ description: "Issue title" }),
  teamId: VendorId("The id or the key of the team to create it in", "team-eng"),
  description: optionally(Schema.String.annotations({ description: "Markdown description" })),
  priority: optionally(
    Schema.Int.pipe(Schema.between(0, 4)).annotations({
      message: () => ({ message: "expected an integer from 0 to 4", override: true }),
      jsonSchema: { type: "integer", minimum: 0, maximum: 4 },
      description: "Priority (0=none, 1=urgent, 2=high, 3=medium, 4=low)"
    })
  ),
  labels: optionally(
    Schema.Array(LabelName).pipe(Schema.maxItems(maxLabels, { message: () => `expected at most ${maxLabels} labels` }))
      .annotations({ description: "Label names; case does not matter, and those that do not exist are created" })
  )
}).annotations({ identifier: "NewLinearIssue", description: "The issue to create", parseOptions: strictly })
export type NewIssue = typeof NewIssue.Type

export const CreatedIssue = Schema.Struct({
  id: identifier,
  title: Schema.String,
  status,
  url: Schema.String
}).annotations({ identifier: "CreatedLinearIssue", description: "The issue as Linear has it" })
export type CreatedIssue = typeof CreatedIssue.Type
