import { HttpApiEndpoint } from "@effect/platform"
import { Schema } from "effect"
import { example } from "../domain/Text.ts"
import { Audited } from "./Audited.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { JsonBody } from "./Org.ts"
import { query } from "./queries.ts"

/** Vendors look at the status only; the rest is for whoever sends a delivery by hand. */
export const Receipt = Schema.Struct({
  received: Schema.Literal(true),
  routed: Schema.Boolean.annotations({ description: "Whether an incident agent got it" }),
  agentId: Schema.NullOr(Schema.String).annotations({ description: "Which one", ...example("agent-incident-xyz789") })
}).annotations({ identifier: "WebhookReceipt", description: "What became of a webhook delivery" })

/** A header that a webhook may have. */
export const header = (description: string) => Schema.optional(Schema.String.annotations({ description }))

/** An object of which nothing is asked. For the OpenAPI document only: what verifies is taken, whatever its shape. */
export const anything = { key: Schema.String, value: Schema.Unknown }

/** The header by which a webhook may name its organisation, besides those of the vendor. */
export const orgHeader = { "x-org-id": header("Whose webhook it is; like `org`") }

/** Where a vendor's webhooks arrive: the same for each vendor but for headers and body. */
export const webhookEndpoint = <const Path extends `/${string}`, Payload extends Schema.Schema.Any>(options: {
  readonly path: Path
  readonly summary: string
  readonly description: string
  readonly payload: Payload
  readonly request: unknown
  readonly response: typeof Receipt.Type
}) =>
  HttpApiEndpoint.post("webhook", options.path)
    .setUrlParams(query({
      org: Schema.optional(Schema.String.annotations({
        description: "Whose webhook it is; when left out, that is found out from the signature"
      }))
    }))
    .setPayload(options.payload)
    .addSuccess(Receipt)
    .addError(Errors.InvalidSignature)
    .addError(Errors.RateLimited)
    .addError(Errors.RequestInvalid)
    .middleware(JsonBody)
    // What it brings is stored as an event.
    .annotate(Audited, false)
    .annotateContext(documented(options))
