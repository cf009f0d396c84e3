import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, Ref } from "effect"
import { createServer } from "node:http"
import { at } from "../http/ask.ts"

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  /** As JSON, to be searched. */
  readonly attributes: string
}

export interface Line {
  readonly text: string
  readonly traceId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
}

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []
const textOf = (value: unknown) => typeof value === "string" ? value : undefined

const spansOf = (body: unknown): ReadonlyArray<Span> =>
  listOf(at(body, "resourceSpans")).flatMap((resource) =>
    listOf(at(resource, "scopeSpans")).flatMap((scope) =>
      listOf(at(scope, "spans")).map((span) => ({
        traceId: textOf(at(span, "traceId")) ?? "",
        spanId: textOf(at(span, "spanId")) ?? "",
        parentSpanId: textOf(at(span, "parentSpanId")),
        name: textOf(at(span, "name")) ?? "",
        attributes: JSON.stringify(at(span, "attributes"))
      }))
    )
  )

const valueOf = (value: unknown): unknown => Object.values(Object(value))[0]

const linesOf = (body: unknown): ReadonlyArray<Line> =>
  listOf(at(body, "resourceLogs")).flatMap((resource) =>
    listOf(at(resource, "scopeLogs")).flatMap((scope) =>
      listOf(at(scope, "logRecords")).map((record) => ({
        text: String(valueOf(at(record, "body"))),
        traceId: textOf(at(record, "traceId")),
        attributes: Object.fromEntries(
          listOf(at(record, "attributes")).map((one) => [String(at(one, "key")), valueOf(at(one, "value"))])
        )
      }))
    )
  )

/** What has been sent to an OpenTelemetry collector, over real HTTP. */
export class Collector extends Context.Tag("test/Collector")<Collector, {
  readonly url: string
  readonly spans: Effect.Effect<ReadonlyArray<Span>>
  readonly logs: Effect.Effect<ReadonlyArray<Line>>
  /** Bodies sent to `/v1/metrics` and `/v1/logs`, as text. */
  readonly received: (signal: "metrics" | "logs") => Effect.Effect<string>
}>() {
  static readonly layer = Layer.scoped(
    Collector,
    Effect.gen(function*() {
      const bodies = yield* Ref.make<ReadonlyArray<{ readonly signal: string; readonly body: unknown }>>([])
      const router = HttpRouter.empty.pipe(
        HttpRouter.post(
          "/v1/:signal",
          Effect.gen(function*() {
            const { signal = "" } = yield* HttpRouter.params
            const request = yield* HttpServerRequest.HttpServerRequest
            const body = yield* request.json
            yield* Ref.update(bodies, (all) => [...all, { signal, body }])
            return HttpServerResponse.unsafeJson({})
          })
        )
      )
      yield* HttpServer.serveEffect(router)
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const of = (signal: string) => Effect.map(Ref.get(bodies), (all) => all.filter((one) => one.signal === signal))
      return {
        url,
        spans: Effect.map(of("traces"), (all) => all.flatMap(({ body }) => spansOf(body))),
        logs: Effect.map(of("logs"), (all) => all.flatMap(({ body }) => linesOf(body))),
        received: (signal) => Effect.map(of(signal), (all) => JSON.stringify(all))
      }
    })
  ).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))
}
