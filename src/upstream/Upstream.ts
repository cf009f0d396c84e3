import { HttpClient, type HttpClientError, type HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import {
  Clock,
  Config,
  ConfigError,
  Context,
  Duration,
  Effect,
  Either,
  Layer,
  Option,
  ParseResult,
  Predicate,
  type Redacted,
  Schedule,
  Schema
} from "effect"
import { traced } from "../observability/traced.ts"
import { timeLeft, within } from "./Deadline.ts"
import { type Answer, byStatus, type Dialect, failure } from "./Dialect.ts"
import { countRetry, measured } from "./measured.ts"
import { QuotasHeard } from "./quotas.ts"
import { scrub } from "./scrub.ts"
import { OutboundRefused, TenantHttp } from "./TenantHttp.ts"
import { published, VendorFailure } from "./VendorFailure.ts"

/** How long one operation may take, its retries and follow-up calls included. */
export const upstreamTimeout = Config.duration("UPSTREAM_TIMEOUT").pipe(Config.withDefault(Duration.seconds(10)))

export interface Call<A, I> {
  readonly dialect: Dialect
  /** Names the span: `incidents.list`. */
  readonly operation: string
  readonly request: HttpClientRequest.HttpClientRequest
  readonly response: Schema.Schema<A, I>
  /** Whether a tenant has supplied the URL: then it is looked at where it leads. */
  readonly tenantUrl?: boolean
  /** Secrets of the request that do not stand in its `authorization`, so that no vendor's words show them. */
  readonly secrets?: ReadonlyArray<Redacted.Redacted>
  /**
   * `transient`: a read, repeated whenever that may help. `harmless`: a write, only if it surely did not happen.
   * `never`: the caller says when to try again.
   */
  readonly retry: "transient" | "harmless" | "never"
}

/** A result with the headers that came with it, which carry paging and totals at some vendors. */
export interface Result<A> {
  readonly value: A
  readonly headers: HttpClientResponse.HttpClientResponse["headers"]
}

/**
 * Four tries at most, from 250 ms, doubling, jittered so that callers do not come back in step, and never earlier
 * than the vendor asked.
 */
const backoff = Schedule.exponential("250 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(3)),
  Schedule.zipRight(Schedule.identity<VendorFailure>()),
  Schedule.modifyDelay((last, delay) => Duration.max(delay, Duration.millis(last.retryAfterMs ?? 0)))
)

/** Errors of Node and undici for connections that were never made: nothing was sent. */
const neverConnected = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)\b/
const known = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE|UND_ERR_[A-Z_]+)\b/

const errorCode = (cause: unknown, depth = 0): string =>
  depth > 3 || !Predicate.isObject(cause)
    ? ""
    : [
      Predicate.hasProperty(cause, "code") ? String(cause.code) : "",
      Predicate.hasProperty(cause, "cause") ? errorCode(cause.cause, depth + 1) : ""
    ].join(" ")

const notAllowed = {
  "not-https": "The address is not allowed: expected an https URL",
  "not-public": "The address is not allowed: expected a host on the public Internet"
}

/** Where it would have led is for the log alone: it tells what an inner network looks like. */
const refused = (vendor: string, { addresses, hostname, reason }: OutboundRefused) =>
  Effect.zipRight(
    Effect.annotateLogs(Effect.logWarning("A tenant's URL leads to where it may not"), { vendor, hostname, addresses }),
    new VendorFailure({ vendor, kind: "rejected", details: notAllowed[reason] })
  )

const unreachable = (vendor: string) => (error: HttpClientError.HttpClientError) => {
  if (error.cause instanceof OutboundRefused) return refused(vendor, error.cause)
  const codes = errorCode(error)
  const code = known.exec(codes)?.[0]
  return new VendorFailure({
    vendor,
    kind: "unreachable",
    details: error._tag === "RequestError" && code !== undefined
      ? `${vendor} could not be reached (${code})`
      : `The connection to ${vendor} was cut`,
    harmless: neverConnected.test(codes)
  })
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Formatting runs out of stack where the answer is nested beyond reason. */
const placeOf = (error: ParseResult.ParseError): string | undefined =>
  Option.getOrUndefined(
    Option.liftThrowable(() => ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path.join("."))()
  )

/** Says where an answer is odd, not what stood there: answers may hold what must not be logged. */
const unreadable = (dialect: Dialect) => (error: ParseResult.ParseError) => {
  const path = placeOf(error)
  return new VendorFailure({
    vendor: dialect.vendor,
    kind: "unreadable",
    details: `${dialect.vendor} answered with something unexpected${path ? ` at ${path}` : ""}`
  })
}

const isVendorFailure = (error: unknown): error is VendorFailure => error instanceof VendorFailure

/** All outbound HTTP to vendors goes through here: status, decoding, deadline, retries, span. */
export class Upstream extends Effect.Service<Upstream>()("upstream/Upstream", {
  effect: Effect.gen(function*() {
    const plain = yield* HttpClient.HttpClient
    const guarded = yield* TenantHttp
    const timeout = yield* upstreamTimeout

    const attempt = <A, I>(
      { dialect, operation, request, response, secrets, tenantUrl = false }: Call<A, I>
    ): Effect.Effect<Result<A>, VendorFailure> =>
      Effect.gen(function*() {
        const incoming = yield* (tenantUrl ? guarded : plain).execute(request)
        const body = parseJson(yield* incoming.text)
        // Made anew whenever somebody asks for them.
        const { headers } = incoming
        const answer: Answer = {
          status: incoming.status,
          headers,
          body,
          nowMs: yield* Clock.currentTimeMillis
        }
        const quotas = dialect.quotas?.(answer) ?? []
        if (quotas.length > 0) (yield* QuotasHeard)(quotas)
        const refusal = dialect.refusal(answer) ?? byStatus(answer.status)
        if (refusal !== undefined) {
          const words = refusal.words === undefined ? undefined : scrub(request, secrets)(refusal.words)
          return yield* failure(dialect, { ...refusal, words }, answer.status)
        }
        const value = yield* Schema.decodeUnknown(response)(body).pipe(Effect.mapError(unreadable(dialect)))
        return { value, headers }
      }).pipe(
        Effect.catchTags({
          RequestError: (error) => unreachable(dialect.vendor)(error),
          ResponseError: (error) => unreachable(dialect.vendor)(error)
        }),
        measured(dialect.vendor, operation)
      )

    /** Goes on after a first failure, as `retry` allows and while the deadline of the operation leaves room for the wait. */
    const retried = <A, I>(spec: Call<A, I>, first: VendorFailure): Effect.Effect<Result<A>, VendorFailure> => {
      let begun = false
      return Effect.retry(
        Effect.suspend(() => {
          if (begun) return Effect.zipRight(countRetry(spec.dialect.vendor, spec.operation), attempt(spec))
          begun = true
          return Effect.fail(first)
        }),
        {
          schedule: backoff,
          while: (error) =>
            Effect.gen(function*() {
              if (spec.retry === "never" || !error.transient) return false
              if (spec.retry === "harmless" && !error.harmless) return false
              return (error.retryAfterMs ?? 0) < (yield* timeLeft)
            })
        }
      )
    }

    /** One request, and more of them where it fails. Most do not, and are spared what a schedule costs. */
    const call = <A, I>(spec: Call<A, I>): Effect.Effect<Result<A>, VendorFailure> =>
      Effect.catchAll(attempt(spec), (first) => retried(spec, first)).pipe(
        // The platform's own spans would carry the whole URL, and some vendors put the token there.
        Effect.locally(HttpClient.currentTracerDisabledWhen, () => true),
        traced(`${spec.dialect.vendor}.${spec.operation}`, { kind: "client" })
      )

    /** Several calls as one operation: one deadline over all of them, and failures in the API's own words. */
    const operation = (vendor: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      within(timeout)(Effect.flatMap(timeLeft, (left) =>
        effect.pipe(
          Effect.timeoutFail({
            duration: left,
            onTimeout: () =>
              new VendorFailure({
                vendor,
                kind: "timeout",
                details: `Request timeout after ${Duration.toMillis(timeout)}ms`
              })
          }),
          Effect.catchIf(isVendorFailure, (failure) => Effect.fail(published(failure)))
        )))

    return { call, operation } as const
  })
}) {}

const originOf = (id: string) =>
  Config.string(`${id.toUpperCase()}_API_URL`).pipe(
    // Not `Config.url`, whose refusal quotes what stood there: a URL may hold a password.
    Config.mapOrFail((text) =>
      URL.canParse(text) && /^https?:/i.test(text)
        ? Either.right(new URL(text).href.replace(/\/$/, ""))
        : Either.left(ConfigError.InvalidData([`${id.toUpperCase()}_API_URL`], "expected an http or https URL"))
    ),
    Config.option
  )

/**
 * The operator's overrides of vendors' origins by integration id: `PAGERDUTY_API_URL` and so on. An override wins
 * over a tenant's region.
 */
export const originsOf = (ids: ReadonlyArray<string>) =>
  Config.all(Object.fromEntries(ids.map((id) => [id, originOf(id)])))

/** Where a vendor is, if the operator has said so. */
export class Origins extends Context.Tag("upstream/Origins")<Origins, (id: string) => Option.Option<string>>() {
  static readonly layer = (origins: ReturnType<typeof originsOf>) =>
    Layer.effect(
      Origins,
      Effect.map(origins, (found) => (id) => Option.flatten(Option.fromNullable(found[id])))
    )
}
