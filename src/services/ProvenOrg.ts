import { Context } from "effect"
import type { OrgId } from "../domain/Ids.ts"

/** Is told whose webhook a request has turned out to be: whoever tells of the request afterwards names the org. */
export class ProvenOrg extends Context.Reference<ProvenOrg>()("services/ProvenOrg", {
  defaultValue: () => (_orgId: OrgId): void => {}
}) {}
