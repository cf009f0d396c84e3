import { HttpClientRequest } from "@effect/platform"
import { Effect, Option, Redacted, Schema } from "effect"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { LinearConfig } from "./definition.ts"
import { dialect } from "./dialect.ts"
import { type Operation, pageSize } from "./operations.ts"
import type { Connection } from "./wire.ts"

const endpoint = "https://api.linear.app/graphql"

/** Sends an operation and gives its `data`. Repeats it on transient failures, so each must be safe to repeat. */
export type Send = <A, I>(
  config: LinearConfig,
  operation: Operation<A, I>,
  variables: { readonly [name: string]: unknown }
) => Effect.Effect<A, VendorFailure>

/** Linear refuses API keys that are sent as bearer tokens, and OAuth tokens that are not. */
const authorization = (secret: string): string => secret.startsWith("lin_api_") ? secret : `Bearer ${secret}`

/** Linear's GraphQL over HTTP. */
export const makeSend = Effect.gen(function*() {
  const upstream = yield* Upstream
  const url = Option.getOrElse((yield* Origins)("linear"), () => endpoint)

  const send: Send = (config, { data, document, name }, variables) =>
    upstream.call({
      dialect,
      operation: name,
      request: HttpClientRequest.post(url, {
        headers: { accept: "application/json", authorization: authorization(Redacted.value(config.apiKey)) }
      }).pipe(HttpClientRequest.bodyUnsafeJson({ query: document, variables })),
      response: Schema.Struct({ data }),
      retry: "transient"
    }).pipe(Effect.map(({ value }) => value.data))

  return send
})

/** Enough for 5,000 teams or labels; a list that goes on is not one that we can read within the deadline. */
const maxPages = 50

/** An answer that Linear does not document. */
export const unreadable = (details: string) =>
  new VendorFailure({ vendor: dialect.vendor, kind: "unreadable", details })

/** All nodes of a list. `what` names it in the failure that a list without end becomes. */
export const allPages = <A>(
  what: string,
  page: (variables: { readonly first: number; readonly after?: string }) => Effect.Effect<Connection<A>, VendorFailure>
): Effect.Effect<ReadonlyArray<A>, VendorFailure> => {
  const from = (after: string | undefined, count: number): Effect.Effect<ReadonlyArray<A>, VendorFailure> =>
    Effect.flatMap(page({ first: pageSize, ...(after !== undefined && { after }) }), ({ nodes, pageInfo }) => {
      const { endCursor, hasNextPage } = pageInfo
      if (!hasNextPage) return Effect.succeed(nodes)
      if (endCursor === undefined || endCursor === after || count === maxPages) {
        return unreadable(`Linear's list of ${what} does not end`)
      }
      return Effect.map(from(endCursor, count + 1), (rest) => [...nodes, ...rest])
    })
  return from(undefined, 1)
}
