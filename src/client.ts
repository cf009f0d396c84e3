import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Context, Effect, identity, type Redacted } from "effect"
import { Api } from "./api/Api.ts"

export { Api }
export * as Errors from "./api/errors.ts"

export interface ClientOptions {
  /** The service's origin: `http://localhost:3000`. */
  readonly baseUrl: string
  /** The organisation to act for: sent as `x-org-id`. */
  readonly orgId: string
  /** A token for the organisation, where the service runs with `AUTH=tokens`. */
  readonly token?: Redacted.Redacted
}

class SentKey extends Context.Reference<SentKey>()("client/IdempotencyKey", {
  defaultValue: (): string | null => null
}) {}

/**
 * Sends an `Idempotency-Key`, 1 to 255 printable ASCII characters: repeated under the same key within 24 hours, a call
 * that creates or sends something does so once, and gets its first answer. For one call each: a key under several is
 * several keys, or a conflict.
 */
export const withIdempotencyKey = (key: string) => Effect.provideService(SentKey, key)

/**
 * A client with a method for each operation: `client.pagerduty.oncall()`. Fails with the API's own errors by tag
 * (`Effect.catchTag("RouteNotFound", …)`). Brings no server code; runs wherever an `HttpClient` does.
 */
export const makeClient = ({ baseUrl, orgId, token }: ClientOptions) =>
  HttpApiClient.make(Api, {
    baseUrl,
    transformClient: HttpClient.mapRequestEffect((request) =>
      Effect.map(SentKey, (key) =>
        request.pipe(
          HttpClientRequest.setHeader("x-org-id", orgId),
          token === undefined ? identity : HttpClientRequest.bearerToken(token),
          key === null ? identity : HttpClientRequest.setHeader("idempotency-key", key)
        ))
    )
  })

/** The same over the platform's `fetch`, for browsers and agents. */
export const makeFetchClient = (options: ClientOptions) => Effect.provide(makeClient(options), FetchHttpClient.layer)

export type Client = Effect.Effect.Success<ReturnType<typeof makeClient>>
