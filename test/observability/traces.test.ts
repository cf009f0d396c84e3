import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { telemetry } from "../../src/observability/otlp.ts"
import { sandboxCredentials, sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { DayOfTheDocument, Sandbox } from "../document/sandbox.ts"
import { asNobody } from "../http/service.ts"
import { configured, org, pass, received, route } from "./../sandbox/alerts.ts"
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

/** Names that metrics of each kind have to be there under: of requests, vendors, deliveries and the process. */
const measured = [
  "http_requests_total",
  "http_request_duration_seconds",
  "vendor_calls_total",
  "vendor_call_duration_seconds",
  "events_accepted_total",
  "webhooks_refused_total",
  "delivery_attempts_total",
  "deliveries_ended_total"
]

layer(Traced)("what leaves over OTLP", (it) => {
  it.effect("is one trace from the webhook to the call to the channel, with the metrics and the logs about it", () =>
    Effect.gen(function*() {
      yield* configured()
      yield* route("slack")
      const headers = {
        ...signatureHeaders.sentry(sandboxWebhookSecrets.sentry, body),
        "x-request-id": "req-traced"
      }
      const webhook = `/api/webhooks/sentry?org=${org}`
      assert.strictEqual((yield* asNobody("POST", webhook, { body, headers })).status, 200)
      assert.strictEqual((yield* asNobody("POST", webhook, { body: "{}" })).status, 401)
      yield* pass(12)
      assert.lengthOf(yield* received("slack"), 1)

      const { logs, received: collected, spans } = yield* Collector
      const all = yield* spans
      const call = all.find(({ name }) => name === "Slack.chat.postMessage")
      if (call === undefined) return assert.fail(`no call among ${all.map(({ name }) => name).join(", ")}`)
      const above = ancestors(all, call).filter((name) =>
        /^(?:delivery\.send|Intake\.accept|http\.server POST)$/.test(name)
      )
      assert.deepStrictEqual(above, ["delivery.send", "Intake.accept", "http.server POST"])
      const trace = all.filter(({ traceId }) => traceId === call.traceId)
      const transaction = trace.find(({ name }) => name === "sql.transaction")
      if (transaction === undefined) return assert.fail("no transaction in the trace")
      assert.include(ancestors(all, transaction), "http.server POST")

      const metrics = yield* collected("metrics")
      for (const name of [...measured, "process_resident_memory_bytes"]) assert.include(metrics, `"${name}"`)

      const lines = yield* logs
      const answered = lines.find(({ attributes, text }) =>
        text === "Answered" && attributes["requestId"] === "req-traced"
      )
      if (answered === undefined) return assert.fail("no line about the webhook")
      assert.strictEqual(answered.traceId, call.traceId)
      const { durationMs, ...fields } = answered.attributes
      assert.isDefined(durationMs)
      for (const [name, value] of Object.entries({ org, operation: "sentry.webhook", status: "200", code: "ok" })) {
        assert.strictEqual(String(fields[name]), value, name)
      }
      assert.include(
        lines.map(({ text }) => text),
        "A webhook was refused: sentry-hook-signature: the header is missing"
      )

      // What left the process names no credential, and no URL that could hold one.
      const sent = JSON.stringify(all) + metrics + (yield* collected("logs"))
      for (const { config } of sandboxCredentials) {
        for (const [field, value] of Object.entries(config)) {
          if (/token|key|secret/i.test(field)) assert.notInclude(sent, String(value))
        }
      }
    }))
})
