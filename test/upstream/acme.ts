import { HttpClientRequest } from "@effect/platform"
import { Effect, Schema } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../src/upstream/Dialect.ts"
import { type Call, Upstream } from "../../src/upstream/Upstream.ts"

/** A vendor without peculiarities. */
export const dialect: Dialect = {
  vendor: "Acme",
  refusal: (answer) => {
    const standard = byStatus(answer.status)
    return standard && { ...standard, words: stringAt(answer.body, "message"), retryAfterMs: retryAfterMs(answer) }
  }
}

export const Thing = Schema.Struct({ thing: Schema.Struct({ size: Schema.Int }) })

/** What an answer that fits `Thing` says. */
export const thing = { thing: { size: 7 } }

const spec: Call<typeof Thing.Type, typeof Thing.Encoded> = {
  dialect,
  operation: "things.get",
  request: HttpClientRequest.get("https://api.acme.test/things/1"),
  response: Thing,
  retry: "transient"
}

/** One call, by itself. */
export const call = (changes: Partial<typeof spec> = {}) =>
  Effect.flatMap(Upstream, (upstream) => upstream.call({ ...spec, ...changes }))

/** A read as an operation of its own. */
export const read = (changes: Partial<typeof spec> = {}) =>
  Effect.flatMap(Upstream, (upstream) => upstream.operation("Acme")(upstream.call({ ...spec, ...changes })))

/** A write as an operation of its own. */
export const write = read({
  operation: "things.put",
  request: HttpClientRequest.put("https://api.acme.test/things/1").pipe(HttpClientRequest.bodyUnsafeJson({ size: 7 })),
  retry: "harmless"
})
