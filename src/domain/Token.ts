import { DateTime, Option, Redacted, Schema } from "effect"
import { OrgId } from "./Ids.ts"
import { Name } from "./Text.ts"

/**
 * What a token allows. None includes another: a tool that only emits events needs `write` alone.
 * `read`: everything that changes nothing. `write`: routes, events, incidents, issues, retries.
 * `admin`: credentials of integrations, endpoints of agents.
 */
export const Scope = Schema.Literal("read", "write", "admin").annotations({ identifier: "Scope" })
export type Scope = typeof Scope.Type

/** What may be shown of a token, and what it is revoked by. It proves nothing. */
export const TokenId = Schema.String.pipe(
  Schema.pattern(/^int_[0-9a-f]{16}$/, { message: () => "expected int_ and 16 characters of 0-9 a-f" }),
  Schema.brand("TokenId", { identifier: "TokenId" })
)
export type TokenId = typeof TokenId.Type

/** A token acts for one organisation; an operator's, with `*`, for whichever `x-org-id` names. */
export const TokenOrg = Schema.Union(OrgId, Schema.Literal("*"))
export type TokenOrg = typeof TokenOrg.Type

export const TokenName = Name

/** A token as it may be shown: everything but its secret. */
export class Token extends Schema.Class<Token>("Token")({
  id: TokenId,
  orgId: TokenOrg,
  name: TokenName,
  scopes: Schema.NonEmptyArray(Scope),
  createdAt: Schema.DateTimeUtc,
  /** `null` for never. */
  expiresAt: Schema.NullOr(Schema.DateTimeUtc),
  revokedAt: Schema.NullOr(Schema.DateTimeUtc),
  /** Some seconds late, for it is written behind. */
  lastUsedAt: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/** The two halves of a bearer token. */
export interface Presented {
  readonly id: TokenId
  readonly secret: Redacted.Redacted
}

/** 32 random bytes in base64url. */
const wholeToken = /^(int_[0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
const isTokenId = Schema.is(TokenId)

/**
 * `int_<16 hex digits>_<43 characters of base64url>`: the prefix and the fixed lengths let scanners of repositories and
 * logs find a token that has leaked. `None` for anything else.
 */
export const parseToken = (text: Redacted.Redacted): Option.Option<Presented> => {
  const [, id, secret] = wholeToken.exec(Redacted.value(text)) ?? []
  return isTokenId(id) && secret !== undefined ? Option.some({ id, secret: Redacted.make(secret) }) : Option.none()
}

/** The other way round. */
export const formatToken = ({ id, secret }: Presented): Redacted.Redacted =>
  Redacted.make(`${id}_${Redacted.value(secret)}`)

/** Why a token whose secret is right is refused all the same; `None` where it is not. */
export const lapse = (token: Token, now: DateTime.Utc): Option.Option<"expired" | "revoked"> =>
  token.revokedAt !== null
    ? Option.some("revoked")
    : token.expiresAt !== null && DateTime.lessThanOrEqualTo(token.expiresAt, now)
    ? Option.some("expired")
    : Option.none()

/** Whether a token may act for an organisation. */
export const actsFor = (token: Token, orgId: OrgId): boolean => token.orgId === "*" || token.orgId === orgId
