import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import {
  Cause,
  Clock,
  ConfigProvider,
  Context,
  type Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Predicate,
  Ref,
  TestClock
} from "effect"
import { Origins, Upstream } from "../../src/upstream/Upstream.ts"
import { Unguarded } from "./Outbound.ts"

/** One request as the vendor saw it. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Parsed where it is JSON, `undefined` where there is none. */
  readonly body: unknown
  /** Epoch milliseconds of the test's clock. */
  readonly at: number
}

/** What the vendor does with one request. */
export type Answer = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

interface Head {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The body is a promise of its own, so that a test decides whether it ends. */
const respond = (body: () => Promise<string>, { headers = {}, status = 200 }: Head): Answer => (request) =>
  Effect.sync(() =>
    HttpClientResponse.fromWeb(request, Object.assign(new Response(null, { status, headers }), { text: body }))
  )

export const text = (body: string, head: Head = {}): Answer => respond(() => Promise.resolve(body), head)

export const json = (body: unknown, head: Head = {}): Answer =>
  text(JSON.stringify(body), { ...head, headers: { "content-type": "application/json", ...head.headers } })

/** Headers, and then a body that never ends. */
export const stalled = (head: Head = {}): Answer => respond(() => Promise.race([]), head)

/** Headers, and then a body that breaks off. */
export const brokenOff = (head: Head = {}): Answer => respond(() => Promise.reject(new TypeError("terminated")), head)

/** No answer, ever. */
export const silent: Answer = () => Effect.never

/** A connection that fails with one of Node's codes, or undici's. */
export const failing = (code: string): Answer => (request) =>
  new HttpClientError.RequestError({
    request,
    reason: "Transport",
    cause: new TypeError(`fetch of ${request.url} failed`, { cause: { code, message: `connect ${code}` } })
  })

export const late = (duration: Duration.DurationInput, answer: Answer): Answer => (request) =>
  Effect.delay(answer(request), duration)

/** All that was sent so far, in order. */
export class Calls extends Context.Tag("test/Calls")<Calls, Effect.Effect<ReadonlyArray<Sent>>>() {}

export const sent = Effect.flatten(Calls)

/** `GET https://…` for each request. */
export const lines = Effect.map(sent, (all) => all.map(({ method, url }) => `${method} ${url}`))

/** `GET /path?query` for each request, its query readable. */
export const paths = Effect.map(sent, (all) =>
  all.map(({ method, url }) => {
    const { pathname, search } = new URL(url)
    return `${method} ${pathname}${decodeURIComponent(search)}`
  }))

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): unknown => {
  if (body._tag !== "Uint8Array") return undefined
  const text = new TextDecoder().decode(body.body)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A vendor that answers the n-th request with the n-th answer. A request past the end of the script is a defect. */
export const scripted = (...script: ReadonlyArray<Answer>): Layer.Layer<HttpClient.HttpClient | Calls> =>
  Layer.effectContext(
    Effect.gen(function*() {
      const calls = yield* Ref.make<ReadonlyArray<Sent>>([])
      const http = HttpClient.make((request, url) =>
        Effect.gen(function*() {
          const { headers, method } = request
          const call = { method, url: url.href, headers, body: bodyOf(request), at: yield* Clock.currentTimeMillis }
          const index = yield* Ref.modify(calls, (all) => [all.length, [...all, call]])
          const answer = script[index]
          if (answer === undefined) {
            return yield* Effect.dieMessage(`Request ${index + 1} is not in the script: ${method} ${url.pathname}`)
          }
          return yield* answer(request)
        })
      )
      return Context.make(HttpClient.HttpClient, http).pipe(Context.add(Calls, Ref.get(calls)))
    })
  )

interface Surroundings {
  /** The operator's override of every vendor's origin. */
  readonly origin?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** All that an adapter asks for, before a vendor that follows the script. */
export const upstream = (script: ReadonlyArray<Answer>, { environment = {}, origin }: Surroundings = {}) =>
  Layer.orDie(Upstream.Default).pipe(
    Layer.provide(Unguarded),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))),
    Layer.merge(Layer.succeed(Origins, () => Option.fromNullable(origin))),
    Layer.provideMerge(scripted(...script))
  )

/** How an effect ends, the clock being moved on, second by second, until it does. */
export const ending = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust(0)
    for (let second = 0; second < 120; second++) {
      const exit = yield* Fiber.poll(fiber)
      if (Option.isSome(exit)) return exit.value
      yield* TestClock.adjust("1 second")
    }
    return yield* Effect.dieMessage("It does not end within two minutes of the test's clock")
  })

/** What an effect gives, with the clock moved on until it does. */
export const result = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatten(ending(effect))

/** How an effect fails, with the clock moved on until it does. Success and defects are defects. */
export const refusal = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.flatMap(
    ending(effect),
    Exit.match({
      onFailure: (cause) =>
        Option.match(Cause.failureOption(cause), {
          onNone: () => Effect.dieMessage(`It did not fail but end with: ${Cause.pretty(cause)}`),
          onSome: Effect.succeed
        }),
      onSuccess: (value) => Effect.dieMessage(`It succeeded: ${JSON.stringify(value)}`)
    })
  )

/** The waits between requests, in milliseconds. */
export const waits = Effect.map(sent, (all) => all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0)))

/** Everything that an error shows to whoever prints it. */
export const shownBy = (error: unknown): string =>
  [
    String(error),
    JSON.stringify(error),
    Cause.pretty(Cause.fail(error)),
    Predicate.hasProperty(error, "message") ? String(error.message) : "",
    Predicate.hasProperty(error, "details") ? String(error.details) : ""
  ].join("\n")
