import { Effect } from "effect"
import { RequestInvalid } from "../domain/Errors.ts"
import { judge, outboundAllow, placeOf } from "../upstream/egress.ts"

/** Looks at URLs that tenants supply, before they are stored. */
export class TenantUrls extends Effect.Service<TenantUrls>()("services/TenantUrls", {
  effect: Effect.gen(function*() {
    const allowed = yield* outboundAllow

    /**
     * Refuses early what can be told without asking for addresses; all else is checked when a connection is made.
     * `field` names it in the refusal. The URL has been decoded: it can be parsed.
     */
    const check = (field: string, url: string): Effect.Effect<void, RequestInvalid> => {
      switch (judge(allowed, placeOf(new URL(url)))) {
        case "not-https":
          return new RequestInvalid({ problems: [`${field}: expected an https URL`] })
        case "not-public":
          return new RequestInvalid({ problems: [`${field}: expected a host on the public Internet`] })
        default:
          return Effect.void
      }
    }

    return { check } as const
  })
}) {}
