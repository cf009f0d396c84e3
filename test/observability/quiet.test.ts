import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel } from "effect"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { as, configuredOrg, Faked } from "../http/service.ts"
import { growth } from "./scrape.ts"

const lines: Array<string> = []

/** As with `LOG_LEVEL=warn`. */
const Warnings = Logger.replace(
  Logger.defaultLogger,
  Logger.map(Logger.jsonLogger, (line) => void lines.push(line))
).pipe(Layer.merge(Logger.minimumLogLevel(LogLevel.Warning)))

const Broken = Layer.mock(PagerDuty, { oncall: () => Effect.dieMessage("A bug") })

layer(Faked({ pagerduty: Broken }).pipe(Layer.provide(Warnings)))("a service that logs warnings alone", (it) => {
  it.effect("has a line of each request that failed, none of others, and counts them all", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const listed = "{operation=\"channelRoutes.list\",status=\"200\",code=\"ok\"}"
      const requests = Effect.zipRight(
        as(orgId)("GET", "/api/channel-routes"),
        as(orgId)("GET", "/api/integrations/pagerduty/oncall", { headers: { "x-request-id": "req-failed" } })
      )
      assert.strictEqual(yield* growth("http_requests_total", listed, requests), 1)
      const answered = lines.filter((line) => line.includes("\"Answered\""))
      assert.lengthOf(answered, 1)
      assert.include(answered[0], "req-failed")
    }))
})
