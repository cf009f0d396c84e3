import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Api } from "../api/Api.ts"
import { currentExposition } from "../observability/prometheus.ts"

export const MetricsHttp = HttpApiBuilder.group(
  Api,
  "metrics",
  (handlers) => handlers.handle("scrape", () => Effect.sync(currentExposition))
)
