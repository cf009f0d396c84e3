import { HttpApiError, type HttpApp, HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Array, Cause, Effect, Option, Predicate, Schema } from "effect"
import * as Errors from "../api/errors.ts"
import {
  InternalFailure,
  MethodNotAllowed,
  PathNotFound,
  RequestInvalid,
  ServiceUnavailable,
  Unauthorized
} from "../domain/Errors.ts"
import { StorageHealth } from "../persistence/StorageHealth.ts"
import { OddJson } from "./JsonBody.ts"
import { allowedMethods, hasOddEnd } from "./paths.ts"
import { facts } from "./RequestFacts.ts"

/*
 * Whatever goes wrong, wherever it goes wrong, is answered in the documented shape: declared failures, requests that
 * do not decode, unknown paths, wrong methods, and defects.
 */

const encode = Schema.encodeUnknown(Schema.Union(...Object.values(Errors)))

/** Seconds, rounded up: never earlier than the vendor said. */
const retryAfter = (failure: unknown): Record<string, string> =>
  Predicate.hasProperty(failure, "retryAfterMs") && typeof failure.retryAfterMs === "number"
    ? { "retry-after": String(Math.ceil(failure.retryAfterMs / 1000)) }
    : {}

const allow = (failure: unknown): Record<string, string> =>
  failure instanceof MethodNotAllowed ? { allow: failure.allowed.join(", ") } : {}

/** How to authenticate, as RFC 9110 wants it with a 401. Webhooks have no scheme to name. */
const challenge = (failure: unknown): Record<string, string> =>
  failure instanceof Unauthorized ? { "www-authenticate": "Bearer" } : {}

const answer = (failure: unknown) =>
  Effect.zipWith(encode(failure), facts, (body, request) => {
    request.code = body.code
    return HttpServerResponse.unsafeJson(body, {
      status: body.status,
      headers: { ...retryAfter(failure), ...allow(failure), ...challenge(failure) }
    })
  })

/** The answer to a failure that the catalogue has. */
export const refusal = (failure: { readonly _tag: keyof typeof Errors }) => Effect.orDie(answer(failure))

const internal = (cause: Cause.Cause<unknown>) =>
  Effect.zipRight(Effect.logError("A request ended in a defect", cause), Effect.orDie(answer(new InternalFailure())))

type Issue = HttpApiError.HttpApiDecodeError["issues"][number]

/** Field names come from the caller too. */
const fieldOf = ({ path }: Issue): string => path.length === 0 ? "request" : path.map(String).join(".").slice(0, 100)

/**
 * What was expected, without what was sent: messages of decode errors quote the value, which may be a secret. What
 * stands before the quote says what was expected.
 */
const expectation = ({ message }: Issue): string => {
  if (message.startsWith("is ") || message.startsWith("expected ")) return message
  const [expected = ""] = message.split(/, actual\b/)
  return expected.startsWith("Expected ") ? `e${expected.slice(1)}` : "is not valid"
}

/** What the schema of an optional parameter also takes: no advice for somebody who sent it. */
const leftOut = "expected undefined"

/** One sentence for each field: `channel: expected "slack" or "discord"`. */
const problems = (issues: ReadonlyArray<Issue>): ReadonlyArray<string> =>
  Object.entries(Array.groupBy(issues, fieldOf)).map(([field, issues]) => {
    const expectations = Array.dedupe(Array.map(issues, expectation)).filter((text) => text !== leftOut)
    return `${field}: ${expectations.join(" or ").replaceAll(" or expected ", " or ")}`
  })

/** Our own answer did not fit its schema: the platform reports it as if the request had not. */
const isOurs = (error: HttpApiError.HttpApiDecodeError): boolean =>
  error.message.split("\n", 1)[0]?.includes("(<declaration schema> <->") === true

const invalid = ([first, ...rest]: ReadonlyArray<string>) =>
  new RequestInvalid({ problems: [first ?? "request: is not valid", ...rest.slice(0, 19)] })

const unrouted = ({ url }: HttpServerRequest.HttpServerRequest): PathNotFound | MethodNotAllowed => {
  const allowed = allowedMethods(url)
  return allowed.length === 0 ? new PathNotFound() : new MethodNotAllowed({ allowed })
}

/** What the database is out of, the caller may try again; what we are wrong about, it may not. */
const defect = (storage: StorageHealth, cause: Cause.Cause<never>) =>
  Effect.flatMap(
    storage.examine(cause),
    Option.match({
      onNone: () => internal(cause),
      onSome: (details) =>
        Effect.zipRight(
          Effect.logError(details, cause),
          Effect.orDie(answer(new ServiceUnavailable({ details, retryAfterMs: 5000 })))
        )
    })
  )

const documented = (storage: StorageHealth) => (cause: Cause.Cause<never>) => {
  if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
  const failure = Cause.squash(cause)
  if (failure instanceof HttpServerError.RouteNotFound) return Effect.orDie(answer(unrouted(failure.request)))
  if (failure instanceof HttpApiError.HttpApiDecodeError) {
    return isOurs(failure) ? internal(cause) : Effect.orDie(answer(invalid(problems(failure.issues))))
  }
  if (failure instanceof HttpServerError.RequestError) {
    const expected = failure.cause instanceof OddJson ? failure.cause.expected : "expected JSON"
    return Effect.orDie(answer(invalid([`body: ${expected}`])))
  }
  if (Option.isNone(Cause.failureOption(cause))) return defect(storage, cause)
  return Effect.catchAll(answer(failure), () => internal(cause))
}

/** Applied around the whole API. */
export const documentedFailures = Effect.map(
  StorageHealth,
  (storage) => (app: HttpApp.Default) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      if (hasOddEnd(request.url)) return Effect.orDie(answer(new PathNotFound()))
      return Effect.catchAllCause(app, documented(storage))
    })
)
