import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { documented } from "./documented.ts"

export class MetricsGroup extends HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("scrape", "/metrics")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4; charset=utf-8" }))
      .annotateContext(documented({
        summary: "Metrics",
        description: "What this process has counted and measured since it started, in Prometheus' text format. Names " +
          "no organisation and needs none.",
        response: "# TYPE http_requests_total counter\n" +
          "http_requests_total{operation=\"channelRoutes.list\",status=\"200\",code=\"ok\"} 42\n"
      }))
  )
  .annotate(OpenApi.Title, "Metrics")
  .annotate(OpenApi.Description, "For Prometheus and whatever else reads its format.")
{}
