import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Redacted, TestClock } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { at } from "./ask.ts"
import { aFewTurns, as, configure, credentials, Faked, newOrg } from "./service.ts"

/** What PagerDuty has been asked so far, by key; `hanging` answers when the latch opens, `dead` fails. */
const asked: Array<string> = []
const latch = Effect.unsafeMakeLatch()
const timeout = new UpstreamFailed({ vendor: "PagerDuty", reason: "timeout", details: "Request timeout after 10000ms" })

const Sick = Layer.mock(PagerDuty, {
  incidents: ({ apiKey }) =>
    Effect.gen(function*() {
      const key = Redacted.value(apiKey)
      asked.push(key)
      if (key.startsWith("dead")) return yield* timeout
      if (key.startsWith("hanging")) yield* latch.await
      return { incidents: [], total: 0 }
    }),
  verify: ({ apiKey }) => Redacted.value(apiKey) === "hanging-verify" ? latch.await : Effect.void
})

/** How often PagerDuty was asked with a key. */
const times = (key: string) => asked.filter((one) => one === key).length

/** A new organisation with this key for PagerDuty, and with Linear. */
const orgWith = (apiKey: string) =>
  Effect.tap(newOrg, (orgId) =>
    Effect.zipRight(
      configure(orgId, { integration: "pagerduty", config: { apiKey } }),
      configure(orgId, credentials.linear)
    ))

const incidents = (orgId: string, limit = 25) =>
  as(orgId)("GET", `/api/integrations/pagerduty/incidents?limit=${limit}`)
const teams = (orgId: string) => as(orgId)("GET", "/api/integrations/linear/teams")

layer(Layer.provide(Faked({ pagerduty: Sick }), Logger.remove(Logger.defaultLogger)))(
  "while PagerDuty is down",
  (it) => {
    it.effect("an organisation has eight calls under way and 32 waiting; all others are a 503 at once, and nobody else notices", () =>
      Effect.gen(function*() {
        const orgId = yield* orgWith("hanging")
        const other = yield* orgWith("well")
        const answered: Array<number> = []
        const all = yield* Effect.forEach(
          Array.from({ length: 100 }),
          (_, index) =>
            Effect.fork(
              Effect.tap(incidents(orgId, index + 1), ({ status }) => Effect.sync(() => void answered.push(status)))
            )
        )
        yield* Effect.repeat(aFewTurns, {
          until: () => answered.length >= 60
        })
        assert.deepStrictEqual([new Set(answered), times("hanging")], [new Set([503]), 8])

        const refused = yield* as(orgId)("GET", "/api/integrations/pagerduty/incidents?status=resolved")
        const { headers, json } = refused
        assert.deepStrictEqual(json, {
          error: "The service cannot take the request now",
          code: "SERVICE_UNAVAILABLE",
          status: 503,
          details: "Too many calls to PagerDuty are under way"
        })
        assert.strictEqual(headers["retry-after"], "2")
        const trial = { integration: "pagerduty", config: { apiKey: "hanging-verify" } }
        assert.strictEqual((yield* configure(orgId, trial, "?verify=true")).status, 503)

        assert.strictEqual((yield* teams(orgId)).status, 200)
        assert.strictEqual((yield* incidents(other)).status, 200)
        assert.strictEqual((yield* teams(other)).status, 200)
        assert.lengthOf(answered, 60)

        yield* latch.open
        const statuses = (yield* Fiber.join(Fiber.all(all))).map(({ status }) => status)
        assert.lengthOf(statuses.filter((status) => status === 200), 40)
        assert.strictEqual(times("hanging"), 40)
      }))

    it.effect("its calls fail at once after five timeouts, and go through again by themselves", () =>
      Effect.gen(function*() {
        const orgId = yield* orgWith("dead")
        const other = yield* orgWith("well")
        for (let call = 0; call < 5; call++) assert.strictEqual((yield* incidents(orgId)).status, 502)
        const { headers, json } = yield* incidents(orgId)
        assert.deepStrictEqual([at(json, "code"), at(json, "error")], [
          "UPSTREAM_ERROR",
          "Failed to fetch from PagerDuty API"
        ])
        assert.match(
          String(at(json, "details")),
          /^Request timeout after 10000ms; next try at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
        )
        const wait = Number(headers["retry-after"])
        assert.isTrue(wait >= 1 && wait <= 5)
        assert.strictEqual(times("dead"), 5)

        assert.strictEqual((yield* teams(orgId)).status, 200)
        assert.strictEqual((yield* incidents(other)).status, 200)
        const status = yield* as(orgId)("GET", "/api/integrations/status")
        assert.deepStrictEqual(at(status.json, "integrations", 0), {
          id: "pagerduty",
          configured: true,
          status: "active",
          lastSync: null
        })

        yield* TestClock.adjust("5 seconds")
        yield* incidents(orgId)
        yield* incidents(orgId)
        assert.strictEqual(times("dead"), 6)
      }))

    it.effect("a configure is another chance, at once", () =>
      Effect.gen(function*() {
        const orgId = yield* orgWith("dead-2")
        yield* Effect.replicateEffect(incidents(orgId), 6)
        assert.strictEqual(times("dead-2"), 5)
        // The same config, even.
        yield* configure(orgId, { integration: "pagerduty", config: { apiKey: "dead-2" } })
        yield* incidents(orgId)
        assert.strictEqual(times("dead-2"), 6)
      }))
  }
)
