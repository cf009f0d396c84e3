import { SqlClient, Statement } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { DeliveryLog } from "../../src/alerts/DeliveryLog.ts"
import type { DeliveryFilter } from "../../src/persistence/DeliveryLogRepo.ts"
import { acme } from "../fakes/Storage.ts"
import { Live } from "./deliveryLog.ts"

describe("the log on SQLite", () => {
  it.effect("finds pages by an index that has them in order, and sorts no more than a page", () =>
    Effect.gen(function*() {
      const log = yield* DeliveryLog
      const sql = yield* SqlClient.SqlClient
      const plans: Array<string> = []
      /** Asks SQLite how it would run what is about to run. */
      const explained = Statement.withTransformer((statement) => {
        const [text, parameters] = statement.compile()
        const plan = Statement.withTransformerDisabled(
          sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, parameters)
        )
        return Effect.map(Effect.orDie(plan), (steps) => {
          plans.push(...steps.map(({ detail }) => detail).filter((detail) => detail.includes("deliveries")))
          return statement
        })
      })
      const indexesOf = (filter: DeliveryFilter) =>
        Effect.map(explained(log.list(acme, filter, { limit: 10, after: "dlv-5" })), () => plans.splice(0))
      const by = (index: string, columns: string) => `SEARCH deliveries USING INDEX ${index} (org_id=? AND ${columns})`
      const byStatus = by("deliveries_status", "status=? AND id<?")
      deepStrictEqual(yield* indexesOf({ statuses: [] }), [by("sqlite_autoindex_deliveries_1", "id<?")])
      deepStrictEqual(yield* indexesOf({ statuses: ["failed", "dead"] }), [byStatus, byStatus])
      deepStrictEqual(yield* indexesOf({ statuses: ["failed"], routeNumber: 1 }), [byStatus])
      deepStrictEqual(yield* indexesOf({ statuses: ["failed"], channel: "slack" }), [byStatus])
      const byRoute = by("deliveries_route", "route_number=? AND id<?")
      deepStrictEqual(yield* indexesOf({ statuses: [], routeNumber: 1 }), [byRoute])
      deepStrictEqual(yield* indexesOf({ statuses: ["delivered"], routeNumber: 1 }), [byRoute])
      const byEvent = by("deliveries_event", "event_id=? AND id<?")
      deepStrictEqual(yield* indexesOf({ statuses: ["failed"], eventId: "evt-1", routeNumber: 1 }), [byEvent])
    }).pipe(Effect.provide(Live)))
})
