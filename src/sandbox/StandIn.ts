import { type HttpApp, HttpRouter, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer, NodeHttpServerRequest } from "@effect/platform-node"
import { Clock, Data, Effect, Match, Option, Ref, Schema, type Scope, Stream, SubscriptionRef } from "effect"
import { createServer } from "node:http"
import { Fault } from "./Fault.ts"

/** One request as it arrived. `path` is the pathname, `search` the query with its `?`, `atMs` the stand-in's clock. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly search: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly atMs: number
}

/** What a test or the demo holds of a running stand-in. */
export interface StandIn {
  readonly vendor: string
  /** The origin to hand to the service; for Linear the whole GraphQL URL. */
  readonly url: string
  /** Vendor calls since the start or the last `clear`, secrets included. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** Suspends until at least `n` calls have arrived. */
  readonly awaitCalls: (n: number) => Effect.Effect<ReadonlyArray<Call>>
  /** Queues faults behind those already queued; each serves one of the following calls. */
  readonly script: (...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Forgets the recorded calls and the queued faults; the vendor's own data stays. */
  readonly clear: Effect.Effect<void>
}

/** A message that a chat stand-in accepted; `raw` is what the vendor would store of it. */
export interface ChatMessage {
  readonly channelId: string
  readonly text: string
  readonly raw: unknown
  readonly atMs: number
}

/** A stand-in of a chat vendor: also shows what it was sent. */
export interface ChatStandIn extends StandIn {
  readonly messages: Effect.Effect<ReadonlyArray<ChatMessage>>
}

/** Ends a vendor's handler early with the vendor's own refusal. */
export class Refused
  extends Data.TaggedError("Refused")<{ readonly response: HttpServerResponse.HttpServerResponse }>
{}

/** What differs between vendors. */
export interface Vendor {
  readonly vendor: string
  /** The vendor's normal behaviour. */
  readonly app: HttpApp.Default<Refused | HttpServerError.RouteNotFound>
  /** What the vendor answers on a path that it does not have. */
  readonly notFound: HttpServerResponse.HttpServerResponse
  readonly throttled: (retryAfterSeconds: number, nowMs: number) => HttpServerResponse.HttpServerResponse
  /** The vendor's own error body for a bare status. */
  readonly failed: (status: number) => HttpServerResponse.HttpServerResponse
  readonly lying: HttpServerResponse.HttpServerResponse
  /** What `url` has after the origin. */
  readonly urlPath?: string
  /** Hides a secret that this vendor carries in its paths. */
  readonly maskPath?: (path: string) => string
  /** Further things to look at, each served as `GET /_sandbox/<name>`. */
  readonly views?: Readonly<Record<string, Effect.Effect<unknown>>>
}

/** The query of the request being answered. */
export const searchParams = Effect.map(
  HttpServerRequest.HttpServerRequest,
  (request) => new URL(request.url, "http://localhost").searchParams
)

const page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>502</h1></body></html>"

/**
 * Begins an answer and leaves it unfinished: the promised length is never reached. With `close` the socket is closed
 * behind the first half, which is how a client can tell a cut answer from a slow one.
 */
const unfinished = (response: HttpServerResponse.HttpServerResponse, close: boolean) =>
  Effect.gen(function*() {
    const node = NodeHttpServerRequest.toServerResponse(yield* HttpServerRequest.HttpServerRequest)
    const bytes = response.body._tag === "Uint8Array" ? response.body.body : new Uint8Array()
    node.writeHead(response.status, { ...response.headers, "content-length": Math.max(bytes.length, 2) })
    node.write(bytes.subarray(0, Math.max(1, bytes.length >> 1)), () => close && node.socket?.destroySoon())
    return yield* Effect.never
  })

/**
 * Starts a vendor on 127.0.0.1, on a free port unless one is given, until the scope closes. Beside the vendor's API it
 * serves `POST` and `DELETE /_sandbox/faults`, `GET /_sandbox/calls` and the vendor's views.
 */
export const makeStandIn = Effect.fn("StandIn.make")(function*(vendor: Vendor, options: { readonly port?: number }) {
  const calls = yield* SubscriptionRef.make<ReadonlyArray<Call>>([])
  const faults = yield* Ref.make<ReadonlyArray<Fault>>([])
  const script: StandIn["script"] = (...more) => Ref.update(faults, (queued) => [...queued, ...more])
  const takeFault = Ref.modify(faults, ([first, ...rest]) => [Option.fromNullable(first), rest])
  const clear = Effect.zipRight(Ref.set(faults, []), SubscriptionRef.set(calls, []))
  const maskPath = vendor.maskPath ?? ((path: string) => path)

  const normal = vendor.app.pipe(
    Effect.catchTags({
      Refused: ({ response }) => Effect.succeed(response),
      RouteNotFound: () => Effect.succeed(vendor.notFound)
    })
  )

  const misbehave = Match.type<Fault>().pipe(
    Match.tagsExhaustive({
      slow: ({ ms }) => Effect.delay(normal, ms),
      throttled: ({ retryAfterSeconds }) =>
        Effect.map(Clock.currentTimeMillis, (now) => vendor.throttled(retryAfterSeconds, now)),
      status: ({ body, code }) =>
        Effect.succeed(
          body === undefined ?
            vendor.failed(code) :
            typeof body === "string" ?
            HttpServerResponse.text(body, { status: code }) :
            HttpServerResponse.unsafeJson(body, { status: code })
        ),
      hang: () => Effect.never,
      reset: () =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
          NodeHttpServerRequest.toServerResponse(request).socket?.destroy()
          return Effect.never
        }),
      truncated: () => Effect.flatMap(normal, (response) => unfinished(response, true)),
      stalled: () => Effect.flatMap(normal, (response) => unfinished(response, false)),
      html: () => Effect.succeed(HttpServerResponse.text(page, { contentType: "text/html; charset=utf-8" })),
      lying: () => Effect.succeed(vendor.lying)
    })
  )

  const answer = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const url = new URL(request.url, "http://localhost")
    const body = yield* Effect.orElseSucceed(request.text, () => "")
    const call: Call = {
      method: request.method,
      path: url.pathname,
      search: url.search,
      headers: { ...request.headers },
      body,
      atMs: yield* Clock.currentTimeMillis
    }
    const fault = yield* takeFault
    yield* SubscriptionRef.update(calls, (before) => [...before, call])
    return yield* Option.match(fault, { onNone: () => normal, onSome: misbehave })
  })

  const masked = Effect.map(SubscriptionRef.get(calls), (all) =>
    all.map((call) => ({
      ...call,
      path: maskPath(call.path),
      headers: "authorization" in call.headers ? { ...call.headers, authorization: "***" } : call.headers
    })))
  const view = (name: string, value: Effect.Effect<unknown>) =>
    HttpRouter.get(`/_sandbox/${name}`, Effect.map(value, (seen) => HttpServerResponse.unsafeJson(seen)))
  const queued = Effect.map(Ref.get(faults), (left) => HttpServerResponse.unsafeJson({ queued: left.length }))

  const control = Object.entries(vendor.views ?? {}).reduce(
    (router, [name, value]) => view(name, value)(router),
    HttpRouter.empty.pipe(
      view("calls", masked),
      view("faults", Ref.get(faults)),
      HttpRouter.post(
        "/_sandbox/faults",
        HttpServerRequest.schemaBodyJson(Schema.Array(Fault)).pipe(
          Effect.flatMap((wanted) => script(...wanted)),
          Effect.zipRight(queued),
          Effect.catchAll((problem) =>
            Effect.succeed(HttpServerResponse.unsafeJson({ error: problem.message }, { status: 400 }))
          )
        )
      ),
      HttpRouter.del("/_sandbox/faults", Effect.zipRight(Ref.set(faults, []), queued)),
      HttpRouter.all("*", answer)
    )
  )

  const node = createServer()
  const server = yield* NodeHttpServer.make(() => node, { host: "127.0.0.1", port: options.port ?? 0 })
  yield* server.serve(Effect.orDie(control))
  // Runs before the server's own finalizer, which waits for every open connection: a hanging call would hold it for ever.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      node.close()
      node.closeAllConnections()
    })
  )

  const port = server.address._tag === "TcpAddress" ? server.address.port : 0
  const handle: StandIn = {
    vendor: vendor.vendor,
    url: `http://127.0.0.1:${port}${vendor.urlPath ?? ""}`,
    calls: SubscriptionRef.get(calls),
    awaitCalls: (n) =>
      calls.changes.pipe(
        Stream.filter((seen) => seen.length >= n),
        Stream.runHead,
        Effect.flatMap(Option.match({ onNone: () => SubscriptionRef.get(calls), onSome: Effect.succeed }))
      ),
    script,
    clear
  }
  return handle
})

/** How every vendor's stand-in is started. */
export type StartedIn<Handle extends StandIn> = Effect.Effect<Handle, HttpServerError.ServeError, Scope.Scope>
