import { type HttpApp, HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Context, Effect, Layer, Metric, Scope } from "effect"
import { RateLimited, RequestInvalid, ServiceUnavailable } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { requestsRefused } from "../observability/metrics.ts"
import { refusal } from "./failures.ts"
import { maxUrlLength, serverLimits } from "./limits.ts"

/** When to come back to a server that is full: its requests take milliseconds, unless a vendor hangs. */
const retryAfterMs = 1000

const inbox = /^\/api\/agents\/[^/?]+\/incidents\?(.*)$/

/** Whether a request waits for incidents: it holds a connection and some memory, and no work is done for it. */
export const isWait = ({ method, url }: HttpServerRequest.HttpServerRequest): boolean => {
  const [, query] = method === "GET" ? inbox.exec(url) ?? [] : []
  return query !== undefined && !["0", null].includes(new URLSearchParams(query).get("wait"))
}

/** So many places, of which each organisation may take half: none can shut all others out. */
const makePlaces = (limit: number) => {
  const most = Math.ceil(limit / 2)
  let taken = 0
  // Only organisations with requests under way are in here.
  const takenBy = new Map<OrgId, number>()
  const giveBack = (orgId: OrgId) => {
    const left = (takenBy.get(orgId) ?? 0) - 1
    if (left > 0) takenBy.set(orgId, left)
    else takenBy.delete(orgId)
  }
  return {
    /** `false` where there is no place. */
    take: () => taken < limit && ++taken > 0,
    leave: () => void taken--,
    /** Until the scope ends. Its own finalizer: `acquireRelease` compares all fiber refs, a tenth of a request's time. */
    ofOrg: (orgId: OrgId) =>
      Effect.uninterruptible(Effect.flatMap(Effect.scope, (scope) => {
        const has = takenBy.get(orgId) ?? 0
        if (has >= most) {
          return Effect.zipRight(
            Metric.increment(requestsRefused("organisation_ceiling")),
            new RateLimited({ details: `The organisation has ${most} requests under way`, retryAfterMs })
          )
        }
        takenBy.set(orgId, has + 1)
        return Scope.addFinalizer(scope, Effect.sync(() => giveBack(orgId)))
      }))
  }
}

/** The requests under way, long polls counted apart. */
export class Ceiling extends Context.Tag("http/Ceiling")<Ceiling, {
  readonly requests: ReturnType<typeof makePlaces>
  readonly waits: ReturnType<typeof makePlaces>
}>() {}

export const CeilingLive = Layer.effect(
  Ceiling,
  Effect.map(serverLimits, ({ requests, waits }) => ({ requests: makePlaces(requests), waits: makePlaces(waits) }))
)

/** Which has to name a host. Load balancers check with 1.0, which need not. */
const isHttp11 = (request: HttpServerRequest.HttpServerRequest): boolean =>
  NodeHttpServerRequest.toIncomingMessage(request).httpVersion === "1.1"

const full = Effect.zipRight(
  Metric.increment(requestsRefused("ceiling")),
  refusal(new ServiceUnavailable({ details: "Too many requests are under way", retryAfterMs }))
)

const isProbe = (url: string): boolean => /^\/(?:health(?:\/ready)?|metrics)(?:$|\?)/.test(url)

/**
 * Refuses at once what there is no place for, before anything is done for it. Health checks are always answered: an
 * orchestrator that restarts a busy service makes nothing better. So are metrics, which show how busy it is and are read
 * without waiting for anything.
 */
export const overload = Effect.map(
  Ceiling,
  (ceiling) => <R>(app: HttpApp.Default<never, R>): HttpApp.Default<never, R> =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      if (request.url.length > maxUrlLength) {
        return refusal(new RequestInvalid({ problems: [`url: expected at most ${maxUrlLength} characters`] }))
      }
      if (request.headers["host"] === undefined && isHttp11(request)) {
        return refusal(new RequestInvalid({ problems: ["host: the header is missing"] }))
      }
      if (isProbe(request.url)) return app
      const places = isWait(request) ? ceiling.waits : ceiling.requests
      return Effect.acquireUseRelease(
        Effect.sync(places.take),
        (taken) => taken ? app : full,
        (taken) => Effect.sync(() => taken && places.leave())
      )
    })
)
