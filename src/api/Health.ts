import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"

export class HealthGroup extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health")
      .addSuccess(Schema.Struct({ status: Schema.Literal("ok") }))
      .annotateContext(documented({
        summary: "Live",
        description: "The process runs and answers. Needs no organisation.",
        response: { status: "ok" }
      }))
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready")
      .addSuccess(Schema.Struct({ status: Schema.Literal("ready") }))
      .addError(Errors.ServiceUnavailable)
      .annotateContext(documented({
        summary: "Ready",
        description: "The database answers, so requests can be served. Needs no organisation.",
        response: { status: "ready" }
      }))
  )
  .annotate(OpenApi.Title, "Health")
  .annotate(OpenApi.Description, "For load balancers and orchestrators.")
{}
