import { Schema } from "effect"
import { example } from "../../domain/Text.ts"
import { Timestamp } from "../../domain/Timestamp.ts"

export const SentryIssue = Schema.Struct({
  id: Schema.String.annotations(example("4812345")),
  title: Schema.String,
  culprit: Schema.NullOr(Schema.String).annotations({ description: "Where in the code it happened" }),
  level: Schema.String.annotations({ description: "fatal, error, warning, info, debug or sample" }),
  count: Schema.Int.annotations({ description: "How often it happened" }),
  userCount: Schema.Int.annotations({ description: "How many users met it" }),
  firstSeen: Schema.NullOr(Timestamp),
  lastSeen: Schema.NullOr(Timestamp),
  permalink: Schema.NullOr(Schema.String).annotations({ description: "The issue's page" })
}).annotations({ identifier: "SentryIssue", description: "A Sentry issue: the events that have one cause" })
export type SentryIssue = typeof SentryIssue.Type

export const SentryIssuePage = Schema.Struct({
  issues: Schema.Array(SentryIssue),
  total: Schema.Int.annotations({
    description: "How many issues fit the query as Sentry estimates it, or, where it does not, how many are listed"
  })
})
export type SentryIssuePage = typeof SentryIssuePage.Type
