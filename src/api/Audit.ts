import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AuditAction, AuditOutcome } from "../domain/AuditEntry.ts"
import { example } from "../domain/Text.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { Authentication, RequiredScope } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { OrgAccess } from "./Org.ts"
import { Limit, query } from "./queries.ts"
import { RateLimit } from "./RateLimit.ts"

const entry = {
  number: 42,
  at: "2026-03-21T14:15:00Z",
  caller: "int_9f86d081884c7d65",
  action: "channelRoutes.create",
  target: "route-003",
  outcome: "ok",
  status: 201,
  requestId: "5f1b6c1e-2a0f-4c58-9a3e-0d4b8f6e7a21",
  hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

const Entry = Schema.Struct({
  number: Schema.Int.annotations({ description: "Its place among the organisation's entries, from 1 without a gap" }),
  at: Timestamp,
  caller: Schema.NullOr(Schema.String).annotations({
    description: "Who: the id of the caller's token, `null` where callers need none"
  }),
  action: AuditAction,
  target: Schema.NullOr(Schema.String).annotations({
    description:
      "The id of the route, integration, delivery, agent, event, incident or issue; `null` where there is none"
  }),
  outcome: AuditOutcome,
  status: Schema.Int.annotations({ description: "The HTTP status of the answer" }),
  requestId: Schema.String.annotations({ description: "The answer's `x-request-id`", ...example(entry.requestId) }),
  hash: Schema.String.annotations({
    description: "SHA-256 in hex of this entry and the hash of the one before it",
    ...example(entry.hash)
  })
}).annotations({ identifier: "AuditEntry", description: "Something that was asked for, and how it ended" })

const Cursor = Schema.String.pipe(
  Schema.pattern(/^[1-9]\d{0,14}$/, { message: () => "expected what a list gave as next" })
).annotations({ description: "What the list before gave as `next`", ...example("42") })

export class AuditGroup extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/api/audit")
      .annotate(RequiredScope, "admin")
      .setUrlParams(query({
        limit: Limit,
        after: Schema.optional(Cursor),
        action: Schema.optional(AuditAction.annotations({ description: "Only entries of this action" }))
      }))
      .addSuccess(
        Schema.Struct({
          entries: Schema.Array(Entry),
          next: Schema.NullOr(Schema.String).annotations({
            description: "What to pass as `after` for older ones; `null` where there are none"
          })
        })
      )
      .addError(Errors.RequestInvalid)
      .annotateContext(documented({
        summary: "Read Audit Log",
        description:
          "Who changed what, newest first: every request that may change something, also refused ones, and " +
          "each look at an integration's config. Entries are never changed or removed, and each one's hash covers the " +
          "one before it.",
        response: { entries: [entry], next: null }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Audit")
  .annotate(OpenApi.Description, "Who did what in the organisation, and how it ended.")
{}
