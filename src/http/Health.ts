import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Api } from "../api/Api.ts"
import { ServiceUnavailable } from "../domain/Errors.ts"
import { StorageHealth } from "../persistence/StorageHealth.ts"
import { Stopping, unlessStopping } from "./Stopping.ts"

export const HealthHttp = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.gen(function*() {
    const storage = yield* StorageHealth
    const stopping = yield* Stopping
    return handlers
      .handle("live", () => Effect.succeed({ status: "ok" as const }))
      .handle("ready", () =>
        unlessStopping.pipe(
          Effect.provideService(Stopping, stopping),
          Effect.zipRight(storage.check),
          Effect.as({ status: "ready" as const }),
          Effect.tapError((details) => Effect.logWarning(details)),
          Effect.mapError((details) => new ServiceUnavailable({ details, retryAfterMs: 1000 }))
        ))
  }))
