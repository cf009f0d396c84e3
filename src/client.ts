import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, identity, type Redacted } from "effect"
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

/**
 * A client with a method for each operation: `client.pagerduty.oncall()`. Fails with the API's own errors by tag
 * (`Effect.catchTag("RouteNotFound", …)`). Brings no server code; runs wherever an `HttpClient` does.
 */
export const makeClient = ({ baseUrl, orgId, token }: ClientOptions) =>
  HttpApiClient.make(Api, {
    baseUrl,
    transformClient: HttpClient.mapRequest((request) =>
      request.pipe(
        HttpClientRequest.setHeader("x-org-id", orgId),
        token === undefined ? identity : HttpClientRequest.bearerToken(token)
      )
    )
  })

/** The same over the platform's `fetch`, for browsers and agents. */
export const makeFetchClient = (options: ClientOptions) => Effect.provide(makeClient(options), FetchHttpClient.layer)

export type Client = Effect.Effect.Success<ReturnType<typeof makeClient>>
