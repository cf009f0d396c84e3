import { createHash } from "node:crypto"
import type { OrgId } from "../../domain/Ids.ts"
import type { NewIssue } from "./domain.ts"

/** What makes a create one with its repeats. */
export interface Idempotency {
  readonly orgId: OrgId
  readonly key: string
}

/**
 * The id that an issue gets for an `Idempotency-Key`: the same for every repeat of the request, however late, and
 * shaped as the version 4 UUID that Linear asks for. The team's id is part of it because Linear's ids are unique beyond
 * one workspace, the request because a key may be used for another one once it is forgotten here.
 */
export const issueId = ({ key, orgId }: Idempotency, teamId: string, issue: NewIssue): string => {
  const { description = null, labels = null, priority = null, title } = issue
  const hex = createHash("sha256")
    .update(JSON.stringify([orgId, key, teamId, title, description, priority, labels]))
    .digest("hex")
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) & 3)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32)
  ].join("-")
}
