import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, LogLevel } from "effect"
import { FakePagerDuty } from "../../src/integrations/pagerduty/FakePagerDuty.ts"
import { PagerDuty } from "../../src/integrations/pagerduty/PagerDuty.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { at } from "../http/ask.ts"
import { aFewTurns, as, asNobody, configure, configuredOrg, credentials, Faked, newOrg } from "../http/service.ts"
import { growth } from "./scrape.ts"

const begun = Effect.runSync(Deferred.make<void>())

/** The document's PagerDuty, which tells nobody who is on call. */
const Hanging = Layer.effect(
  PagerDuty,
  Effect.map(PagerDuty, (fake) => ({
    ...fake,
    oncall: () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never),
    incidents: () => Effect.dieMessage("A bug")
  }))
).pipe(Layer.provide(FakePagerDuty()))

/** The lines that say how a request ended, as JSON. */
const lines: Array<string> = []

const Lines = Logger.replace(
  Logger.defaultLogger,
  Logger.map(Logger.jsonLogger, (line) => void (/"(?:Answered|The caller hung up)"/.test(line) && lines.push(line)))
).pipe(Layer.merge(Logger.minimumLogLevel(LogLevel.Debug)))

/** What the line of the request with this id says. It is written once the answer is on its way. */
const lineOf = (requestId: string) =>
  Effect.map(
    Effect.repeat(
      Effect.zipRight(aFewTurns, Effect.sync(() => lines.find((line) => line.includes(requestId)))),
      { times: 100, until: (line) => line !== undefined }
    ),
    (line): unknown => line === undefined ? undefined : JSON.parse(line)
  )

const requestsOf = (operation: string, status: number, code: string) =>
  `{operation="${operation}",status="${status}",code="${code}"}`

const counted = <E, R>(operation: string, status: number, code: string, ask: Effect.Effect<unknown, E, R>) =>
  Effect.map(
    growth("http_requests_total", requestsOf(operation, status, code), ask),
    (grown) => assert.strictEqual(grown, 1, requestsOf(operation, status, code))
  )

layer(Faked({ pagerduty: Hanging }).pipe(Layer.provide(Lines)))("every request", (it) => {
  it.effect("is counted by operation, status and code", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const ask = as(orgId)
      yield* counted("channelRoutes.list", 200, "ok", ask("GET", "/api/channel-routes"))
      yield* counted("channelRoutes.create", 400, "VALIDATION_ERROR", ask("POST", "/api/channel-routes", { body: {} }))
      yield* counted("channelRoutes.list", 400, "ORG_ID_REQUIRED", asNobody("GET", "/api/channel-routes"))
      yield* counted(
        "sentry.webhook",
        401,
        "INVALID_SIGNATURE",
        asNobody("POST", "/api/webhooks/sentry", { body: "{}" })
      )
      yield* counted("health.ready", 200, "ok", asNobody("GET", "/health/ready"))
      yield* counted("none", 404, "NOT_FOUND", ask("GET", `/api/${orgId}`))
      yield* counted("none", 405, "METHOD_NOT_ALLOWED", ask("PUT", "/api/channel-routes"))
      const repeated = ask("POST", "/api/integrations/pagerduty/incidents/P1NONE/acknowledge", {
        headers: { "idempotency-key": "key-1" },
        body: {}
      })
      yield* counted("pagerduty.acknowledge", 404, "INCIDENT_NOT_FOUND", repeated)
      yield* counted("pagerduty.acknowledge", 404, "INCIDENT_NOT_FOUND", repeated)
      const count = growth("http_request_duration_seconds_count", "{operation=\"channelRoutes.list\"}", Effect.void)
      assert.strictEqual(yield* count, 0)
      const two = Effect.replicateEffect(ask("GET", "/api/channel-routes"), 2)
      const grown = yield* growth("http_request_duration_seconds_count", "{operation=\"channelRoutes.list\"}", two)
      assert.strictEqual(grown, 2)
      assert.notInclude((yield* asNobody("GET", "/metrics")).text, orgId)
    }))

  it.effect("has a line with its id, organisation, operation, status, code and duration", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      yield* as(orgId)("GET", "/api/channel-routes", { headers: { "x-request-id": "req-listed" } })
      const listed = yield* lineOf("req-listed")
      assert.strictEqual(at(listed, "logLevel"), "INFO")
      const { durationMs, ...annotations } = Object(at(listed, "annotations"))
      assert.isNumber(durationMs)
      assert.deepStrictEqual(annotations, {
        requestId: "req-listed",
        org: orgId,
        token: null,
        operation: "channelRoutes.list",
        status: 200,
        code: "ok"
      })
      yield* asNobody("GET", "/nowhere", { headers: { "x-request-id": "req-nowhere" } })
      const nowhere = yield* lineOf("req-nowhere")
      assert.strictEqual(at(nowhere, "annotations", "code"), "NOT_FOUND")
      assert.strictEqual(at(nowhere, "annotations", "operation"), "none")
      assert.isNull(at(nowhere, "annotations", "org"))
    }))

  it.effect("of a webhook names the organisation that it has proved to be of", () =>
    Effect.gen(function*() {
      const orgId = yield* newOrg
      const { config, integration } = credentials.sentry
      const secret = "a-client-secret"
      yield* configure(orgId, { integration, config: { ...config, webhookSecret: secret } })
      const body = "{}"
      const ask = (id: string, signed: string) =>
        asNobody("POST", `/api/webhooks/sentry?org=${orgId}`, {
          body,
          headers: { ...signatureHeaders.sentry(signed, body), "x-request-id": id }
        })
      yield* ask("req-proved", secret)
      yield* ask("req-forged", "another-secret")
      assert.strictEqual(at(yield* lineOf("req-proved"), "annotations", "org"), orgId)
      assert.isNull(at(yield* lineOf("req-forged"), "annotations", "org"))
    }))

  it.effect("that fails for our sake or a vendor's has its line at warning", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      yield* as(orgId)("GET", "/api/integrations/pagerduty/incidents", { headers: { "x-request-id": "req-bug" } })
      const line = yield* lineOf("req-bug")
      assert.strictEqual(at(line, "logLevel"), "WARN")
      assert.strictEqual(at(line, "annotations", "code"), "INTERNAL_ERROR")
    }))

  it.effect("of a machine that looks after the service has its line at debug", () =>
    Effect.gen(function*() {
      for (const path of ["/health", "/health/ready", "/metrics"]) {
        const id = `req${path.replaceAll("/", "-")}`
        yield* asNobody("GET", path, { headers: { "x-request-id": id } })
        assert.strictEqual(at(yield* lineOf(`"${id}"`), "logLevel"), "DEBUG", path)
      }
    }))

  it.effect("whose caller hung up is counted and has a line, too", () =>
    Effect.gen(function*() {
      const orgId = yield* configuredOrg
      const hungUp = Effect.gen(function*() {
        const asked = yield* Effect.fork(
          as(orgId)("GET", "/api/integrations/pagerduty/oncall", { headers: { "x-request-id": "req-gone" } })
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(asked)
        return yield* lineOf("req-gone")
      })
      yield* counted(
        "pagerduty.oncall",
        499,
        "INTERRUPTED",
        Effect.tap(hungUp, (line) => {
          assert.strictEqual(at(line, "message"), "The caller hung up")
          assert.strictEqual(at(line, "annotations", "org"), orgId)
        })
      )
    }))
})
