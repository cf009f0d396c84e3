import { HttpApiBuilder, HttpApiSwagger, HttpRouter, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Duration, Effect, Layer, Ref, Schedule } from "effect"
import { createServer, type Server as NodeServer } from "node:http"
import { Inbox } from "../alerts/Inbox.ts"
import { Api } from "../api/Api.ts"
import { VendorsHttp } from "../integrations/live.ts"
import { AgentsHttp } from "./Agents.ts"
import { ChannelRoutesHttp } from "./ChannelRoutes.ts"
import { DeliveriesHttp } from "./Deliveries.ts"
import { EventsHttp } from "./Events.ts"
import { documentedFailures } from "./failures.ts"
import { HealthHttp } from "./Health.ts"
import { IntegrationsHttp } from "./Integrations.ts"
import { JsonBodyLive } from "./JsonBody.ts"
import { OrgAccessLive } from "./Org.ts"
import { docsPath, openApiPath } from "./paths.ts"
import { requestId } from "./requestId.ts"
import { Stopping } from "./Stopping.ts"
import { WebhooksHttp } from "./Webhooks.ts"

const Handlers = HttpApiBuilder.api(Api).pipe(
  Layer.provide([IntegrationsHttp, ChannelRoutesHttp, DeliveriesHttp, EventsHttp, AgentsHttp, WebhooksHttp]),
  Layer.provide([HealthHttp, VendorsHttp]),
  Layer.provide([OrgAccessLive, JsonBodyLive])
)

/** The API, its description and its pages, on whatever server is provided. */
export const Routes = HttpApiBuilder.serve().pipe(
  // What is provided first is outermost: the request id is there when a failure is logged.
  Layer.provide(requestId),
  Layer.provide(documentedFailures),
  Layer.provide([HttpApiSwagger.layer({ path: docsPath }), HttpApiBuilder.middlewareOpenApi({ path: openApiPath })]),
  Layer.provide(Handlers),
  // One spelling for each path: what checks a path must see the same one as what serves it.
  Layer.provide(
    HttpRouter.setRouterConfig({ caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false })
  )
)

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
      const closed = Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
      const sweep = Effect.repeat(Effect.sync(() => server.closeIdleConnections()), Schedule.spaced("50 millis"))
      const ended = Effect.zipRight(inbox.close, Effect.raceFirst(closed, sweep)).pipe(
        Effect.timeoutTo({ duration: grace, onSuccess: () => undefined, onTimeout: () => server.closeAllConnections() })
      )
      yield* Effect.addFinalizer(() =>
        Effect.logInfo("Stopping: finishing the requests in flight").pipe(
          Effect.zipRight(Ref.set(stopping, true)),
          // Load balancers have to look first.
          Effect.zipRight(Effect.sleep(delay)),
          // Those who wait for incidents are answered now, with what there is.
          Effect.zipRight(ended),
          Effect.interruptible
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
  Layer.unwrapEffect(Effect.sync(() => {
    const server = createServer()
    // Built last, so that it is the first to end: handlers and what they use live until the last request is answered.
    return drain(options.shutdownDelay ?? Duration.zero).pipe(
      Layer.provide(Routes),
      Layer.provide(Stopping.layer),
      Layer.provideMerge(Layer.succeed(Listener, server)),
      HttpServer.withLogAddress,
      Layer.provideMerge(NodeHttpServer.layer(() => server, options))
    )
  }))
