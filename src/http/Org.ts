import { Effect, Layer, Redacted, Schema } from "effect"
import { OrgAccess } from "../api/Org.ts"
import { OrgIdInvalid, OrgIdRequired } from "../domain/Errors.ts"
import { OrgId } from "../domain/Ids.ts"
import { currentOperation } from "./operations.ts"
import { facts } from "./RequestFacts.ts"

const isOrgId = Schema.is(OrgId)

/**
 * The header is believed. With `AUTH=tokens` it is compared with the caller's token next; without, a gateway in front
 * has to answer for it: see `TRUST_ORG_HEADER`.
 */
export const OrgAccessLive = Layer.succeed(OrgAccess, {
  org: (header) =>
    Effect.gen(function*() {
      const request = yield* facts
      request.operation = (yield* currentOperation).name
      const id = Redacted.value(header).trim()
      if (id === "") return yield* new OrgIdRequired()
      if (!isOrgId(id)) return yield* new OrgIdInvalid()
      request.org = id
      return id
    })
})
