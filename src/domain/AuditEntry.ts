import { Schema } from "effect"
import { OrgId } from "./Ids.ts"
import { Timestamp } from "./Timestamp.ts"

const printable = (longest: number) => Schema.String.pipe(Schema.pattern(new RegExp(`^[\\x21-\\x7e]{1,${longest}}$`)))

/** `group.endpoint` of the API. */
export const AuditAction = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z]{1,64}\.[A-Za-z]{1,64}$/, {
    message: () => "expected an action, as channelRoutes.create"
  }),
  Schema.annotations({ description: "What was asked for", examples: ["channelRoutes.create"] })
)

/** What an action was done to. Ids of other kinds than printable ASCII are not kept: see `targetOf`. */
export const AuditTargetId = printable(256)

/** How an action ended: `ok`, the code of the failure that was answered, or `INTERRUPTED`. */
export const AuditOutcome = Schema.String.pipe(
  Schema.pattern(/^(ok|[A-Z][A-Z0-9_]{0,63})$/),
  Schema.annotations({
    description: "`ok`, or the `code` of the answer; `INTERRUPTED` where the caller hung up before there was one",
    examples: ["ok"]
  })
)

/** The caller hung up: what was begun may have been done. The status is the one that proxies log for that. */
export const interrupted = { outcome: "INTERRUPTED", status: 499 } as const

/** Who did what to what on behalf of which org, when, and how it ended. Never a secret, a body or what was changed. */
export class AuditEntry extends Schema.Class<AuditEntry>("AuditEntry")({
  orgId: OrgId,
  at: Timestamp,
  /** `null` where callers need no token. */
  tokenId: Schema.NullOr(printable(128)),
  action: AuditAction,
  target: Schema.NullOr(AuditTargetId),
  outcome: AuditOutcome,
  status: Schema.Int,
  requestId: printable(128)
}) {}

/** An entry in its place, the n-th of its org from 1, its fields as they are stored. */
export type Numbered = {
  readonly [Field in keyof typeof AuditEntry.Encoded | "number"]: unknown
}

/** What the first entry of an org follows: as long as a SHA-256 in hex. */
export const beginning = "0".repeat(64)

/**
 * What an entry's SHA-256 is taken of, in UTF-8: JSON without spaces, of a fixed order, and with the hash of the entry
 * before it. Every field is shown by the API as it stands here, so anyone can compute it.
 */
export const canonical = (previous: string, entry: Numbered): string => {
  const { action, at, number, orgId, outcome, requestId, status, target, tokenId } = entry
  return JSON.stringify([previous, orgId, number, at, tokenId, action, target, outcome, status, requestId])
}
