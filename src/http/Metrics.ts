import { HttpApiBuilder } from "@effect/platform"
import { Effect, Layer } from "effect"
import { Api } from "../api/Api.ts"
import { currentExposition } from "../observability/prometheus.ts"
import { runtimeMetrics } from "../observability/runtime.ts"

export const MetricsHttp = HttpApiBuilder.group(
  Api,
  "metrics",
  (handlers) => handlers.handle("scrape", () => Effect.sync(currentExposition))
).pipe(Layer.provide(runtimeMetrics))
