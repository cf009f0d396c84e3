import { HttpServerRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { Authentication, type CurrentCaller } from "../api/Caller.ts"
import { CurrentOrg } from "../api/Org.ts"
import { Forbidden, Unauthorized } from "../domain/Errors.ts"
import { actsFor, Scope } from "../domain/Token.ts"
import { isForeign } from "../services/AuditNotes.ts"
import { auth, TokenCheck } from "../services/TokenCheck.ts"
import { currentOperation } from "./operations.ts"
import { facts } from "./RequestFacts.ts"

/** With `AUTH=none`. */
const anonymous: typeof CurrentCaller.Service = { tokenId: null, scopes: new Set(Scope.literals) }

/** The platform's own reading of the header takes any seven characters for `Bearer `. */
const bearer = /^bearer +(\S+) *$/i

const presented = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ headers }) => Option.fromNullable(bearer.exec(headers["authorization"] ?? "")?.[1]).pipe(Option.map(Redacted.make))
)

/** `OrgAccess` is around this: see `Authentication`. */
const currentOrg = Effect.flatMap(
  Effect.serviceOption(CurrentOrg),
  Option.match({
    onNone: () => Effect.dieMessage("Authentication without OrgAccess around it"),
    onSome: Effect.succeed
  })
)

/** A token first has to be good, then for this organisation, then for this operation. */
const authenticate = (tokens: TokenCheck) =>
  Effect.gen(function*() {
    const sent = yield* presented
    if (Option.isNone(sent)) return yield* new Unauthorized({ reason: "missing" })
    const token = yield* tokens.check(sent.value)
    if (Option.isNone(token)) return yield* new Unauthorized({ reason: "refused" })
    const { id, scopes } = token.value
    const request = yield* facts
    request.tokenId = id
    if (!actsFor(token.value, yield* currentOrg)) {
      yield* isForeign
      return yield* new Forbidden({})
    }
    const { scope } = yield* currentOperation
    if (!scopes.includes(scope)) return yield* new Forbidden({ scope })
    return { tokenId: id, scopes: new Set(scopes) }
  })

export const AuthenticationLive = Layer.effect(
  Authentication,
  Effect.gen(function*() {
    const tokens = yield* TokenCheck
    const caller = (yield* auth) === "tokens" ? authenticate(tokens) : Effect.succeed(anonymous)
    return { token: () => caller }
  })
)
