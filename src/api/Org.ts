import { HttpApiMiddleware, HttpApiSecurity, HttpServerRequest, OpenApi } from "@effect/platform"
import { Context, Schema } from "effect"
import type { OrgId } from "../domain/Ids.ts"
import * as Errors from "./errors.ts"

/** The organisation that the request speaks for. */
export class CurrentOrg extends Context.Tag("api/CurrentOrg")<CurrentOrg, OrgId>() {}

/** Reads `x-org-id`. Declared as a security scheme, so that `/docs` asks for it once for all operations. */
export class OrgAccess extends HttpApiMiddleware.Tag<OrgAccess>()("api/OrgAccess", {
  failure: Schema.Union(Errors.OrgIdRequired, Errors.OrgIdInvalid),
  provides: CurrentOrg,
  security: {
    org: HttpApiSecurity.apiKey({ key: "x-org-id", in: "header" }).pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The organisation to act for, such as `org-acme-corp`")
    )
  }
}) {}

/**
 * Refuses a body that is not JSON or over 1 MiB, and provides the request that the body may be read from. Put it on an endpoint *before* `OrgAccess`:
 * what is added later runs first, and the organisation is checked before the body.
 */
export class JsonBody extends HttpApiMiddleware.Tag<JsonBody>()("api/JsonBody", {
  failure: Schema.Union(Errors.PayloadTooLarge, Errors.UnsupportedMediaType),
  provides: HttpServerRequest.HttpServerRequest
}) {}
