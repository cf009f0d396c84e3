import { Context, type Effect } from "effect"
import type { ConfigureRequest } from "../api/Integrations.ts"
import type { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"

/** Asks a vendor, by its cheapest call, whether it takes the credentials. Live in integrations/live.ts. */
export class CredentialChecks extends Context.Tag("services/CredentialChecks")<
  CredentialChecks,
  (request: ConfigureRequest) => Effect.Effect<void, UpstreamFailed | UpstreamRejected>
>() {}
