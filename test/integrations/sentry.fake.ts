import { HttpClient, HttpClientResponse } from "@effect/platform"
import { Clock, type Context, type Duration, Effect, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import type { SentryConfig } from "../../src/integrations/sentry/definition.ts"
import { Sentry, SentryLive } from "../../src/integrations/sentry/Sentry.ts"
import { Origins, Upstream } from "../../src/upstream/Upstream.ts"
import { Unguarded } from "../fakes/Outbound.ts"

/** One answer of Sentry: `body` goes out as JSON, `text` as it is, `never` not at all. */
export type Reply =
  | {
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body?: unknown
    readonly text?: string
  }
  | "never"

export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Epoch milliseconds of the test's clock. */
  readonly at: number
}

/**
 * The adapter against Sentry as scripted: the n-th request gets the n-th reply, and a request past the end dies.
 * Gives what `use` gives, with all that was sent.
 */
export const scripted = <A, E>(
  replies: ReadonlyArray<Reply>,
  use: (sentry: Context.Tag.Service<Sentry>) => Effect.Effect<A, E>,
  origin: Option.Option<string> = Option.none()
) =>
  Effect.suspend(() => {
    const sent: Array<Sent> = []
    const client = HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const reply = replies[sent.length]
        sent.push({
          method: request.method,
          url: url.href,
          headers: request.headers,
          at: yield* Clock.currentTimeMillis
        })
        if (reply === undefined) return yield* Effect.dieMessage(`request ${sent.length} is not in the script`)
        if (reply === "never") return yield* Effect.never
        const text = reply.text ?? JSON.stringify(reply.body ?? null)
        const { headers = {}, status = 200 } = reply
        return HttpClientResponse.fromWeb(request, new Response(text, { status, headers }))
      })
    )
    return Effect.flatMap(Sentry, use).pipe(
      Effect.map((value) => ({ value, sent })),
      Effect.provide(
        SentryLive.pipe(
          Layer.provide([Layer.orDie(Upstream.Default), Layer.succeed(Origins, () => origin)]),
          Layer.provide(Unguarded),
          Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
        )
      )
    )
  })

export const config: SentryConfig = { authToken: Redacted.make("sntrys_token"), organization: "acme" }
const query = { query: "is:unresolved", limit: 10 }

export const row = {
  id: "4812345",
  shortId: "API-1",
  title: "TypeError: Cannot read property 'id' of undefined",
  culprit: "src/handlers/checkout.ts in processOrder",
  level: "error",
  count: "142",
  userCount: 38,
  firstSeen: "2026-03-20T09:00:00.679000+00:00",
  lastSeen: "2026-03-21T14:01:00Z",
  permalink: "https://sentry.io/organizations/acme/issues/4812345/"
}
export const rows = (...ids: ReadonlyArray<string>) => ids.map((id) => ({ ...row, id }))

/** As Sentry sends it: both rels, and URLs that name a host behind the proxy. */
export const link = (cursor: string, results = true) => ({
  link: `<http://evil.internal/api/0/organizations/acme/issues/?&cursor=0:0:1>; rel="previous"; results="false"; ` +
    `cursor="0:0:1", <http://evil.internal/api/0/organizations/acme/issues/?&cursor=${cursor}>; rel="next"; ` +
    `results="${results}"; cursor="${cursor}"`
})

export const list = (
  replies: ReadonlyArray<Reply>,
  options: {
    readonly config?: Partial<SentryConfig>
    readonly query?: { readonly project?: string; readonly limit?: number }
  } = {},
  origin?: Option.Option<string>
) =>
  scripted(replies, (vendor) => vendor.issues({ ...config, ...options.config }, { ...query, ...options.query }), origin)

/** How the list fails, the clock being moved on by `wait` meanwhile. */
export const failing = (
  replies: ReadonlyArray<Reply>,
  wait: Duration.DurationInput = 0,
  options?: Parameters<typeof list>[1]
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.flip(list(replies, options)))
    yield* TestClock.adjust(wait)
    return yield* Fiber.join(fiber)
  })

export const paths = (sent: ReadonlyArray<{ readonly url: string }>) => sent.map(({ url }) => url)
