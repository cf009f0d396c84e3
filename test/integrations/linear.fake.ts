import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { Clock, Context, Effect, Either, Fiber, Layer, Option, Redacted, Ref, Schema, TestClock } from "effect"
import type { LinearConfig } from "../../src/integrations/linear/definition.ts"
import { LinearLive } from "../../src/integrations/linear/Linear.ts"
import { Origins, Upstream } from "../../src/upstream/Upstream.ts"
import { Unguarded } from "../fakes/Outbound.ts"

/** One request as Linear saw it. `at` is in milliseconds of the test's clock. */
export interface Sent {
  readonly at: number
  readonly url: string
  readonly method: string
  readonly authorization: string | undefined
  readonly query: string
  readonly variables: { readonly [name: string]: unknown }
}

/** What Linear answers: a body with a status, `cut` for a connection that breaks, `silent` for no answer at all. */
export type Reply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | "cut"
  | "silent"

/** All that was sent, in order. */
export class Calls extends Context.Tag("test/Calls")<Calls, Effect.Effect<ReadonlyArray<Sent>>>() {}

const Body = Schema.decodeUnknown(Schema.parseJson(Schema.Struct({
  query: Schema.String,
  variables: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})))

const client = (respond: (sent: Sent, index: number) => Reply) =>
  Effect.gen(function*() {
    const calls = yield* Ref.make<ReadonlyArray<Sent>>([])
    const http = HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const text = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        const { query, variables } = yield* Effect.orDie(Body(text))
        const { headers: { authorization }, method } = request
        const sent = { at: yield* Clock.currentTimeMillis, url: url.href, method, authorization, query, variables }
        const index = yield* Ref.modify(calls, (all) => [all.length, [...all, sent]])
        const reply = respond(sent, index)
        if (reply === "silent") return yield* Effect.never
        if (reply === "cut") {
          return yield* new HttpClientError.RequestError({
            request,
            reason: "Transport",
            cause: { code: "ECONNRESET" }
          })
        }
        const { body, headers = {}, status } = reply
        const content = typeof body === "string" ? body : JSON.stringify(body)
        return HttpClientResponse.fromWeb(request, new Response(content, { status, headers }))
      })
    )
    return Context.make(HttpClient.HttpClient, http).pipe(Context.add(Calls, Ref.get(calls)))
  })

/** Linear's adapter before a Linear that answers by a function. */
export const answeredBy = (respond: (sent: Sent, index: number) => Reply, origin?: string) =>
  LinearLive.pipe(
    Layer.provide(Upstream.Default),
    Layer.provide(Unguarded),
    Layer.provide(Layer.succeed(Origins, () => Option.fromNullable(origin))),
    Layer.provideMerge(Layer.effectContext(client(respond)))
  )

/** The adapter before a Linear that gives these answers, one for each request; a further request is a defect. */
export const answering = (...replies: ReadonlyArray<Reply>) =>
  answeredBy((sent, index) => {
    const reply = replies[index]
    if (reply === undefined) throw new Error(`Request ${index + 1} was not expected: ${sent.query}`)
    return reply
  })

export const config: LinearConfig = { apiKey: Redacted.make("lin_api_0123456789") }

export const data = (value: unknown): Reply => ({ status: 200, body: { data: value } })

/** A failure as Linear words it. `userPresentableMessage` is left out where it is not given. */
export const failed = (
  type: string,
  code: string,
  message: string,
  { headers, status = 200, words }: {
    readonly status?: number
    readonly words?: string
    readonly headers?: Record<string, string>
  } = {}
): Reply => ({
  status,
  ...(headers && { headers }),
  body: {
    data: null,
    errors: [{ message, extensions: { type, code, userError: true, userPresentableMessage: words } }]
  }
})

export const badGateway: Reply = { status: 502, body: "<html>upstream connect error</html>" }

/** How an effect ends, with the clock moved on until it does. */
export const outcome = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.either(effect))
    for (let step = 0; step < 1000; step++) {
      const exit = yield* Fiber.poll(fiber)
      if (Option.isSome(exit)) return yield* exit.value
      yield* TestClock.adjust("100 millis")
    }
    return yield* Effect.dieMessage("It does not end")
  })

/** The result of an effect that succeeds, with the clock moved on until it does. */
export const result = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    outcome(effect),
    Either.match({
      onLeft: (error) => Effect.dieMessage(`It failed: ${JSON.stringify(error)}`),
      onRight: (value) => Effect.succeed(value)
    })
  )

/** The failure of an effect that fails, with the clock moved on until it does. */
export const refusal = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    outcome(effect),
    Either.match({
      onLeft: (error) => Effect.succeed(error),
      onRight: (value) => Effect.dieMessage(`It succeeded: ${JSON.stringify(value)}`)
    })
  )
