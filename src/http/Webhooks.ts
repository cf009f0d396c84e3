import { HttpApi, HttpApiBuilder } from "@effect/platform"
import { Effect, Schema } from "effect"
import { apiId } from "../api/apiId.ts"
import { CurrentOrg } from "../api/Org.ts"
import { WebhooksGroup, WebhookSource } from "../api/Webhooks.ts"
import { WebhookFailuresRepo } from "../persistence/WebhookFailuresRepo.ts"

const isSource = Schema.is(WebhookSource)

export const WebhooksHttp = HttpApiBuilder.group(
  HttpApi.make(apiId).add(WebhooksGroup),
  "webhooks",
  (handlers) =>
    Effect.gen(function*() {
      const repo = yield* WebhookFailuresRepo
      return handlers.handle("failures", ({ urlParams: { after, limit, source } }) =>
        Effect.gen(function*() {
          // One more than asked for tells whether there are more.
          const rows = yield* repo.list(yield* CurrentOrg, { source, before: after, limit: limit + 1 })
          const shown = rows.slice(0, limit)
          return {
            // Rows outlive vendors: one of a vendor that is no more is not shown.
            failures: shown.flatMap(({ details, failedAt, id, reason, source }) =>
              isSource(source) ? [{ id, source, reason, details, at: failedAt }] : []
            ),
            next: rows.length > limit ? shown.at(-1)?.id ?? null : null
          }
        }))
    })
)
