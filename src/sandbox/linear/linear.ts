import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, DateTime, Effect, Either, Ref, Schema } from "effect"
import { executeSync, type ExecutionResult, type GraphQLError, parse, validate } from "graphql"
import { linearSeed } from "../seed.ts"
import { makeStandIn, Refused, type StandIn, type StartedIn } from "../StandIn.ts"
import { complexity, maxComplexity } from "./complexity.ts"
import { extensions } from "./failures.ts"
import type { LinearSeed } from "./records.ts"
import { type Draft, makeRoot } from "./resolvers.ts"
import { linearSchema } from "./schema.ts"

export type { LinearSeed } from "./records.ts"

const hourMs = 3_600_000

// The hourly limits of an API key; resets are epoch milliseconds.
const quota = (remaining: number, resetMs: number) => ({
  "x-ratelimit-requests-limit": "2500",
  "x-ratelimit-requests-remaining": String(remaining),
  "x-ratelimit-requests-reset": String(resetMs),
  "x-ratelimit-complexity-limit": "3000000",
  "x-ratelimit-complexity-remaining": "2999000",
  "x-ratelimit-complexity-reset": String(resetMs)
})

const failure = (status: number, message: string, details: ReturnType<typeof extensions>) =>
  HttpServerResponse.unsafeJson({ errors: [{ message, extensions: details }] }, { status })
const refuse = (...args: Parameters<typeof failure>) => new Refused({ response: failure(...args) })
const badRequest = (message: string, type: string, code: string) =>
  refuse(400, message, extensions(type, code, message))
const unauthenticated = refuse(
  401,
  "Authentication required, not authenticated",
  extensions("authentication error", "AUTHENTICATION_ERROR", "You need to authenticate to access this operation.", 401)
)

const Operation = Schema.parseJson(Schema.Struct({
  query: Schema.String,
  variables: Schema.optional(Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Unknown }))),
  operationName: Schema.optional(Schema.NullOr(Schema.String))
}))

const rejected = (errors: ReadonlyArray<GraphQLError>, code: string, type: string) =>
  new Refused({
    response: HttpServerResponse.unsafeJson({
      errors: errors.map((error) => ({
        message: error.message,
        locations: error.locations,
        extensions: extensions(type, code, error.message)
      }))
    }, { status: 400 })
  })

/** Linear's GraphQL API. `url` is the whole endpoint; queries are parsed, validated and costed before they run. */
export const makeLinear = (options: { readonly port?: number; readonly seed?: LinearSeed } = {}): StartedIn<StandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? linearSeed
    const world = yield* Ref.make<Draft>({ teams: seed.teams, labels: seed.labels, issues: seed.issues })

    const authenticated = Effect.gen(function*() {
      const { authorization = "" } = (yield* HttpServerRequest.HttpServerRequest).headers
      if (authorization.startsWith("Bearer lin_api_")) {
        const message =
          "It looks like you're trying to use an API key as a Bearer token. Remove the Bearer prefix from " +
          "the Authorization header."
        return yield* refuse(400, message, extensions("authentication error", "AUTHENTICATION_ERROR", message))
      }
      const oauth = seed.oauthTokens.some((token) => authorization === `Bearer ${token}`)
      if (!oauth && !seed.apiKeys.includes(authorization)) return yield* unauthenticated
    })

    const run = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
        return yield* badRequest("Request body must be JSON", "invalid input", "INVALID_INPUT")
      }
      const { operationName, query, variables } = yield* Effect.orElseSucceed(request.text, () => "").pipe(
        Effect.flatMap(Schema.decode(Operation)),
        Effect.mapError(() => badRequest("Malformed request", "invalid input", "INVALID_INPUT"))
      )
      const document = yield* Either.try({
        try: () => parse(query),
        catch: (error) => badRequest(String(error), "graphql error", "GRAPHQL_PARSE_FAILED")
      })
      const invalid = validate(linearSchema, document)
      if (invalid.length > 0) return yield* rejected(invalid, "GRAPHQL_VALIDATION_FAILED", "graphql error")
      const cost = complexity(document, variables ?? {})
      if (cost > maxComplexity) {
        const detail = `The query is too complex. Complexity: ${cost}. Maximum allowed complexity: ${maxComplexity}.`
        return yield* refuse(400, "Query too complex", extensions("invalid input", "INPUT_ERROR", detail))
      }
      const now = DateTime.formatIso(yield* DateTime.now)
      const result: ExecutionResult = yield* Ref.modify(world, (before) => {
        const draft = { ...before }
        return [
          executeSync({
            schema: linearSchema,
            document,
            rootValue: makeRoot(seed, draft, now, () => crypto.randomUUID()),
            variableValues: variables,
            operationName
          }),
          draft
        ]
      })
      // No `data` at all means that nothing ran: a variable did not fit its type.
      if (!("data" in result)) return yield* rejected(result.errors ?? [], "INVALID_INPUT", "invalid input")
      return HttpServerResponse.setHeader(HttpServerResponse.unsafeJson(result), "x-complexity", String(cost))
    })

    const app = HttpRouter.empty.pipe(
      HttpRouter.post(
        "/graphql",
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          const response = yield* Effect.zipRight(authenticated, run).pipe(
            Effect.catchTag("Refused", (refused) => Effect.succeed(refused.response))
          )
          return HttpServerResponse.setHeaders(response, quota(2499, now + hourMs))
        })
      )
    )

    const limited = "Rate limit exceeded. Only 2500 requests are allowed per 1 hour."
    const internal = {
      message: "Internal server error",
      extensions: extensions("internal error", "INTERNAL_ERROR", "", 500)
    }
    return yield* makeStandIn({
      vendor: "linear",
      urlPath: "/graphql",
      app,
      notFound: HttpServerResponse.text("Not Found", { status: 404 }),
      // HTTP 400, not 429: only the body and the headers tell that it is about the rate.
      throttled: (seconds, now) =>
        HttpServerResponse.setHeaders(
          failure(400, limited, extensions("ratelimited", "RATELIMITED", limited, 429)),
          quota(0, now + seconds * 1000)
        ),
      failed: (status) =>
        status >= 500
          ? HttpServerResponse.text("upstream connect error or disconnect/reset before headers", { status })
          : HttpServerResponse.unsafeJson({ errors: [internal] }, { status }),
      lying: HttpServerResponse.unsafeJson({ data: null, errors: [internal] })
    }, options)
  })
