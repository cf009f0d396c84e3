import { Effect, Layer, Redacted, Schema } from "effect"
import { OrgAccess } from "../api/Org.ts"
import { OrgIdInvalid, OrgIdRequired } from "../domain/Errors.ts"
import { OrgId } from "../domain/Ids.ts"

const isOrgId = Schema.is(OrgId)

/** Without authentication the header is believed: see `TRUST_ORG_HEADER`. */
export const OrgAccessLive = Layer.succeed(OrgAccess, {
  org: (header) => {
    const id = Redacted.value(header).trim()
    if (id === "") return Effect.fail(new OrgIdRequired())
    return isOrgId(id) ? Effect.succeed(id) : Effect.fail(new OrgIdInvalid())
  }
})
