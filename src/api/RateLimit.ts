import { HttpApiMiddleware } from "@effect/platform"
import * as Errors from "./errors.ts"

/**
 * Keeps an organisation within its rate and its share of the requests under way. It stands on every endpoint that has
 * `OrgAccess`, and in the source *before* it and before authentication: what is added later runs first, and nobody
 * may use up the share of an organisation that they do not speak for. What is checked of the body stands before it.
 */
export class RateLimit extends HttpApiMiddleware.Tag<RateLimit>()("api/RateLimit", {
  failure: Errors.RateLimited
}) {}
