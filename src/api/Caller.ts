import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "@effect/platform"
import { Context, Schema } from "effect"
import type { Scope, TokenId } from "../domain/Token.ts"
import * as Errors from "./errors.ts"

/** Who makes the request. */
export class CurrentCaller extends Context.Tag("api/CurrentCaller")<CurrentCaller, {
  /** `null` with `AUTH=none`, where nobody is asked for a token. */
  readonly tokenId: TokenId | null
  readonly scopes: ReadonlySet<Scope>
}>() {}

/** The scope that an endpoint needs, where it is another than its method tells: see `requiredScope`. */
export class RequiredScope extends Context.Reference<RequiredScope>()("api/RequiredScope", {
  defaultValue: (): Scope | null => null
}) {}

/** Reading needs `read` and anything else `write`, unless the endpoint is annotated with another scope. */
export const requiredScope = (endpoint: {
  readonly method: string
  readonly annotations: Context.Context<never>
}): Scope => Context.get(endpoint.annotations, RequiredScope) ?? (endpoint.method === "GET" ? "read" : "write")

/**
 * Lets in who has a token for the organisation and the scope. Put it on an endpoint *before* `OrgAccess`: what is added
 * later runs first, and this one asks for the organisation that the other one has found.
 */
export class Authentication extends HttpApiMiddleware.Tag<Authentication>()("api/Authentication", {
  failure: Schema.Union(Errors.Unauthorized, Errors.Forbidden),
  provides: CurrentCaller,
  security: {
    token: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(
        OpenApi.Description,
        "A token for the organisation, `int_<id>_<secret>`. Asked for where the service runs with `AUTH=tokens`"
      )
    )
  }
}) {}
