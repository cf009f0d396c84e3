import { HttpApiBuilder } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { Api } from "../api/Api.ts"
import { ServiceUnavailable } from "../domain/Errors.ts"

export const HealthHttp = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return handlers
      .handle("live", () => Effect.succeed({ status: "ok" as const }))
      .handle("ready", () =>
        sql`SELECT 1`.pipe(
          Effect.timeout("1 second"),
          Effect.as({ status: "ready" as const }),
          Effect.tapError((error) => Effect.logWarning("The database does not answer", error)),
          Effect.mapError(() => new ServiceUnavailable({ details: "The database does not answer", retryAfterMs: 1000 }))
        ))
  }))
