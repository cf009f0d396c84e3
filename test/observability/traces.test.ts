import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { telemetry } from "../../src/observability/otlp.ts"
import { sandboxCredentials, sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { DayOfTheDocument, Sandbox } from "../document/sandbox.ts"
import { asNobody } from "../http/service.ts"
import { acme, configured, org, pass, received, route } from "./../sandbox/alerts.ts"
import { Collector, type Span } from "./collector.ts"

const Traced = Sandbox.pipe(
  Layer.provide(
    Layer.unwrapEffect(
      Effect.map(
        Collector,
        ({ url }) =>
          telemetry({ endpoint: Option.some(url), headers: Redacted.make({}), serviceName: "integrations-api" })
      )
    )
  ),
  Layer.provideMerge(Collector.layer),
  // What sends spans ticks, too.
  Layer.provide(DayOfTheDocument)
)

const body = readFileSync(new URL("../samples/sentry/issue.created.json", import.meta.url), "utf8")

/** The span's ancestors, the nearest first. */
const ancestors = (spans: ReadonlyArray<Span>, span: Span): ReadonlyArray<string> => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId)
  return parent === undefined ? [] : [parent.name, ...ancestors(spans, parent)]
}

layer(Traced)("one trace", (it) => {
  it.effect("runs from the webhook through the transaction to the delivery and the call to the vendor", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* route("slack")
      const headers = signatureHeaders.sentry(sandboxWebhookSecrets.sentry, body)
      const { status } = yield* asNobody("POST", `/api/webhooks/sentry?org=${org}`, { body, headers })
      assert.strictEqual(status, 200)
      yield* pass(12)
      assert.lengthOf(yield* received("slack"), 1)

      const { received: collected, spans } = yield* Collector
      const all = yield* spans
      const call = all.find(({ name }) => name === "Slack.chat.postMessage")
      if (call === undefined) return assert.fail(`no call among ${all.map(({ name }) => name).join(", ")}`)
      const above = ancestors(all, call)
      assert.include(above, "delivery.send")
      assert.include(above, "Intake.accept")
      assert.include(above, "http.server POST")
      const trace = all.filter(({ traceId }) => traceId === call.traceId).map(({ name }) => name)
      assert.include(trace, "sql.transaction")

      // What left the process names no credential, and no URL that could hold one.
      const sent = JSON.stringify(all) + (yield* collected("metrics")) + (yield* collected("logs"))
      for (const { config } of sandboxCredentials) {
        for (const [field, value] of Object.entries(config)) {
          if (/token|key|secret/i.test(field)) assert.notInclude(sent, String(value))
        }
      }
    }))

  it.effect("is accompanied by metrics and logs", () =>
    Effect.gen(function*() {
      yield* acme("GET", "/api/integrations/pagerduty/oncall")
      yield* asNobody("POST", `/api/webhooks/sentry?org=${org}`, { body: "{}" })
      yield* pass(12)
      const { received: collected } = yield* Collector
      const metrics = yield* collected("metrics")
      for (const name of ["vendor_calls_total", "vendor_call_duration_seconds", "delivery_attempts_total"]) {
        assert.include(metrics, name)
      }
      assert.include(yield* collected("logs"), "A webhook was refused: sentry-hook-signature: the header is missing")
    }))
})
