import { Headers, HttpApi, HttpApiBuilder, type HttpApp, HttpRouter, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Duration, Effect, Layer, Ref, Schedule } from "effect"
import type { Server as NodeServer } from "node:http"
import { Inbox } from "../alerts/Inbox.ts"
import { Api } from "../api/Api.ts"
import { VendorsHttp } from "../integrations/live.ts"
import { AgentsHttp } from "./Agents.ts"
import { AuditHttp } from "./Audit.ts"
import { auditing } from "./auditing.ts"
import { AuthenticationLive } from "./Authentication.ts"
import { CeilingLive, overload } from "./Ceiling.ts"
import { ChannelRoutesHttp } from "./ChannelRoutes.ts"
import { DeliveriesHttp } from "./Deliveries.ts"
import { EventsHttp } from "./Events.ts"
import { documentedFailures } from "./failures.ts"
import { guesses } from "./guesses.ts"
import { HealthHttp } from "./Health.ts"
import { IdempotencyLive } from "./Idempotency.ts"
import { IntegrationsHttp } from "./Integrations.ts"
import { JsonBodyLive } from "./JsonBody.ts"
import { serverLimits } from "./limits.ts"
import { makeListener } from "./listener.ts"
import { MetricsHttp } from "./Metrics.ts"
import { observing } from "./observing.ts"
import { OrgAccessLive } from "./Org.ts"
import { docsPath, openApiPath } from "./paths.ts"
import { RateLimitLive } from "./RateLimit.ts"
import { requestId } from "./requestId.ts"
import { Stopping } from "./Stopping.ts"
import { WebhooksHttp } from "./Webhooks.ts"

const Handlers = HttpApiBuilder.api(Api).pipe(
  Layer.provide([IntegrationsHttp, ChannelRoutesHttp, DeliveriesHttp, EventsHttp, AgentsHttp, WebhooksHttp]),
  Layer.provide([AuditHttp, HealthHttp, MetricsHttp, VendorsHttp]),
  Layer.provide([OrgAccessLive, AuthenticationLive, RateLimitLive, JsonBodyLive, IdempotencyLive])
)

/** Its page is not in memory before somebody has asked for it. */
const docs = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function*() {
    const api = yield* HttpApi.Api
    // Of all who come: the first hanging up must not end it.
    const page = yield* Effect.cached(
      Effect.uninterruptible(Effect.flatMap(Effect.promise(() => import("./docs.ts")), ({ page }) => page(api)))
    )
    yield* router.get(docsPath, Effect.flatten(page))
  })
)

/** Around every request, from within outwards. */
const surroundings = HttpApiBuilder.middleware(
  Effect.map(
    Effect.all({ guesses, documentedFailures, auditing, overload }),
    ({ auditing, documentedFailures, guesses, overload }) => (app: HttpApp.Default) =>
      app.pipe(
        // It looks at failures and not at answers.
        guesses,
        documentedFailures,
        // Around the failures' answers, whose codes it writes down.
        auditing,
        overload,
        observing,
        // The request id is there when a failure is logged.
        requestId
      )
  )
)

/** The API, its description and its pages, on whatever server is provided. */
export const Routes = HttpApiBuilder.serve().pipe(
  Layer.provide(surroundings),
  Layer.provide([docs, HttpApiBuilder.middlewareOpenApi({ path: openApiPath })]),
  Layer.provide(Handlers),
  Layer.provide(CeilingLive),
  // One spelling for each path: what checks a path must see the same one as what serves it.
  Layer.provide(
    HttpRouter.setRouterConfig({ caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false })
  )
)

/** Of headers only these are told to a tracer: any other may be a secret, ours or a proxy's. */
const notTraced = /^(?!(?:accept|connection|content-length|content-type|host|user-agent|x-org-id|x-request-id)$)/i

class Listener extends Context.Tag("http/Listener")<Listener, NodeServer>() {}

/** How long requests in flight may still take after SIGTERM. */
const grace = "10 seconds"

/**
 * Stops accepting, lets what is in flight end, and cuts what has not ended after the grace. Connections that are kept
 * alive would hold the process for seconds after their last answer, so they are closed as they fall idle.
 */
const drain = (delay: Duration.Duration) =>
  Layer.scopedDiscard(
    Effect.gen(function*() {
      const stopping = yield* Stopping
      const server = yield* Listener
      const inbox = yield* Inbox
      // The platform would take every request that offers another protocol for a WebSocket, and never read its body. Some
      // clients offer HTTP/2 on each: without a listener Node serves them as what they are.
      server.removeAllListeners("upgrade")
      const closed = Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
      const sweep = Effect.repeat(Effect.sync(() => server.closeIdleConnections()), Schedule.spaced("50 millis"))
      const ended = Effect.zipRight(inbox.close, Effect.raceFirst(closed, sweep)).pipe(
        Effect.interruptible,
        Effect.timeoutTo({ duration: grace, onSuccess: () => undefined, onTimeout: () => server.closeAllConnections() })
      )
      yield* Effect.addFinalizer(() =>
        Effect.logInfo("Stopping: finishing the requests in flight").pipe(
          Effect.zipRight(Ref.set(stopping, true)),
          // Load balancers have to look first.
          Effect.zipRight(Effect.sleep(delay)),
          // Those who wait for incidents are answered now, with what there is.
          Effect.zipRight(ended)
        )
      )
    })
  )

/** A server on the given address; port 0 takes a free one. */
export const serve = (options: {
  readonly host: string
  readonly port: number
  readonly shutdownDelay?: Duration.Duration
}) =>
  Layer.unwrapEffect(Effect.map(serverLimits, (limits) => {
    const server = makeListener(limits)
    // Built last, so that it is the first to end: handlers and what they use live until the last request is answered.
    return drain(options.shutdownDelay ?? Duration.zero).pipe(
      Layer.provide(Layer.locally(Routes, Headers.currentRedactedNames, [notTraced])),
      Layer.provide(Stopping.layer),
      Layer.provideMerge(Layer.succeed(Listener, server)),
      HttpServer.withLogAddress,
      Layer.provideMerge(NodeHttpServer.layer(() => server, options))
    )
  }))
