import { HttpServerRequest } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import { CurrentOrg } from "../api/Org.ts"
import { RateLimit } from "../api/RateLimit.ts"
import { RateLimits } from "../services/RateLimits.ts"
import { Ceiling, isWait } from "./Ceiling.ts"

/** `OrgAccess` is around this: see `RateLimit`. */
const currentOrg = Effect.flatMap(
  Effect.serviceOption(CurrentOrg),
  Option.match({
    onNone: () => Effect.dieMessage("RateLimit without OrgAccess around it"),
    onSome: Effect.succeed
  })
)

export const RateLimitLive = Layer.effect(
  RateLimit,
  Effect.map(Effect.all([RateLimits, Ceiling]), ([limits, { requests, waits }]) =>
    Effect.gen(function*() {
      const orgId = yield* currentOrg
      yield* limits.request(orgId)
      const request = yield* HttpServerRequest.HttpServerRequest
      // Until the request's scope ends, which is when it is answered.
      yield* (isWait(request) ? waits : requests).ofOrg(orgId)
    }))
)
