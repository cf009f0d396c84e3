import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Logger, Option, Redacted, Tracer } from "effect"
import {
  type Answer,
  brokenOff,
  failing,
  json,
  refusal,
  sent,
  shownBy,
  silent,
  text,
  upstream
} from "../fakes/Upstream.ts"
import { read, thing } from "./acme.ts"

const canary = "cAnArY-0123456789"

/** A request that holds a token wherever one can be. */
const request = HttpClientRequest.put(`https://user:${canary}@api.acme.test/bot${canary}/things`).pipe(
  HttpClientRequest.setUrlParam("key", canary),
  HttpClientRequest.bearerToken(Redacted.make(canary)),
  HttpClientRequest.setHeader("x-api-key", canary),
  HttpClientRequest.bodyUnsafeJson({ token: canary })
)

const failures: ReadonlyArray<readonly [what: string, answer: Answer]> = [
  ["no connection", failing("ECONNREFUSED")],
  ["a reset", failing("ECONNRESET")],
  ["an unknown transport failure", failing(canary)],
  ["a body that breaks off", brokenOff()],
  ["silence", silent],
  ["an unreadable answer", json({ [canary]: canary, thing: { size: canary } })],
  ["an answer that is no JSON", text(`<p>${canary}</p>`)],
  ["a redirect", text(canary, { status: 302, headers: { location: `https://api.acme.test/${canary}` } })],
  ["refused credentials", json({ message: `bad token ${canary}` }, { status: 401 })],
  ["throttling", json({ message: canary }, { status: 429, headers: { "retry-after": "60" } })],
  ["an outage", json({ message: canary }, { status: 503 })],
  ["a refusal that is no JSON", text(canary, { status: 400 })]
]

describe("secrecy", () => {
  it.effect.each(failures)("%s shows neither token nor URL", ([, answer]) =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ annotations, cause, message }) => {
          logged.push(String(message), String(cause), JSON.stringify([...annotations]))
        })
      )
      const error = yield* refusal(read({ request })).pipe(
        Effect.tap((error) => Effect.logError(error.message, error)),
        Effect.provide(logger)
      )
      for (const shown of [shownBy(error), logged.join("\n")]) {
        assert.notInclude(shown, canary)
        assert.notInclude(shown, "api.acme.test")
      }
    }).pipe(Effect.provide(upstream([answer, answer, answer, answer]))))
})

/** Keeps every span that is begun. */
const tracing = () => {
  const spans: Array<{ readonly name: string; readonly kind: string; readonly attributes: Map<string, unknown> }> = []
  const tracer = Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      spans.push({ name, kind, attributes })
      return {
        _tag: "Span",
        name,
        spanId: String(spans.length),
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        status: { _tag: "Started", startTime },
        attributes,
        attribute: (key, value) => void attributes.set(key, value),
        event: (event) => void attributes.set(`event:${event}`, true),
        addLinks: () => {},
        end: () => {}
      }
    }
  })
  return { spans, layer: Layer.setTracer(tracer) }
}

describe("tracing", () => {
  it.effect("gives one span that names the operation, and nothing of the request", () =>
    Effect.gen(function*() {
      const { layer, spans } = tracing()
      yield* Effect.withSpan(read({ request }), "handler").pipe(Effect.provide(layer))
      deepStrictEqual(spans.map(({ kind, name }) => [name, kind]), [
        ["handler", "internal"],
        ["Acme.things.get", "client"]
      ])
      const attributes = spans.flatMap(({ attributes }) => [...attributes.entries()])
      deepStrictEqual(attributes.filter(([key]) => /url|path|http|server|header/i.test(key)), [])
      assert.notInclude(JSON.stringify(attributes), canary)
    }).pipe(Effect.provide(upstream([json(thing)]))))

  it.effect("tells the vendor nothing of our traces", () =>
    Effect.gen(function*() {
      const { layer } = tracing()
      yield* Effect.withSpan(read(), "handler").pipe(Effect.provide(layer))
      const headers = Object.keys((yield* sent)[0]?.headers ?? { missing: "" })
      deepStrictEqual(headers.filter((name) => /traceparent|tracestate|b3|missing/i.test(name)), [])
    }).pipe(Effect.provide(upstream([json(thing)]))))

  it.effect("the tracer of this test sees what the platform would otherwise tell", () =>
    Effect.gen(function*() {
      const { layer, spans } = tracing()
      const http = yield* HttpClient.HttpClient
      yield* Effect.withSpan(Effect.scoped(http.execute(request)), "handler").pipe(Effect.provide(layer))
      assert.include(JSON.stringify(spans.map(({ attributes }) => [...attributes])), canary)
      const [call] = yield* sent
      assert.isTrue(Option.isSome(Option.fromNullable(call?.headers["traceparent"])))
    }).pipe(Effect.provide(upstream([json(thing)]))))
})
