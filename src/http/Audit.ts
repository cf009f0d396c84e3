import { HttpApiBuilder } from "@effect/platform"
import { Effect, Option } from "effect"
import { Api } from "../api/Api.ts"
import { CurrentOrg } from "../api/Org.ts"
import { Audit } from "../services/Audit.ts"

export const AuditHttp = HttpApiBuilder.group(Api, "audit", (handlers) =>
  Effect.gen(function*() {
    const audit = yield* Audit
    return handlers.handle("list", ({ urlParams: { action, after, limit } }) =>
      Effect.gen(function*() {
        const before = after === undefined ? undefined : Number(after)
        const { next, page } = yield* audit.list(yield* CurrentOrg, { before, action, limit })
        return {
          entries: page.map(({ action, at, hash, number, outcome, requestId, status, target, tokenId }) => ({
            number,
            at,
            caller: tokenId,
            action,
            target,
            outcome,
            status,
            requestId,
            hash
          })),
          next: Option.getOrNull(Option.map(next, String))
        }
      }))
  }))
