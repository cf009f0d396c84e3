import { Predicate } from "effect"
import { QuotaUnit } from "../../domain/Quota.ts"
import {
  type Answer,
  byStatus,
  type Dialect,
  numericHeader,
  type Refusal,
  retryAfterMs,
  stringAt
} from "../../upstream/Dialect.ts"
import { quotaIn } from "../../upstream/quotas.ts"

interface GraphQLError {
  /** `type` and `code` say the same as `invalid input` and `INPUT_ERROR`; either may be missing. */
  readonly kinds: ReadonlyArray<string>
  readonly message: string
  readonly words: string
  readonly userError: boolean
}

const graphQLError = (error: unknown): GraphQLError => {
  const extensions = Predicate.hasProperty(error, "extensions") ? error.extensions : undefined
  const message = stringAt(error, "message") ?? ""
  return {
    kinds: ["type", "code"].flatMap((key) => stringAt(extensions, key)?.toLowerCase().replaceAll("_", " ") ?? []),
    message,
    words: stringAt(extensions, "userPresentableMessage") || message,
    userError: Predicate.hasProperty(extensions, "userError") && extensions.userError === true
  }
}

/** Source: linear/linear, sdk `types.ts` and `error.ts`; the codes as recorded from live answers. */
const throttled = new Set(["ratelimited", "rate limited"])
const credentials = new Set(["authentication error"])
const unavailable = new Set(["internal error", "internal server error", "lock timeout", "network error"])
const rejected = new Set([
  "invalid input",
  "input error",
  "user error",
  "forbidden",
  "feature not accessible",
  "usage limit exceeded"
])
/** It is our own document that was not understood. */
const misunderstood = new Set(["graphql error", "graphql parse failed", "graphql validation failed"])

const taken = /conflict on insert|already exists|duplicate label name/i
const unknownEntity = /entity not found/i

/** When a bucket of the rate limit is full again, in milliseconds from now. Resets are epoch milliseconds. */
const untilReset = (answer: Answer, bucket: string): number | undefined => {
  const resetMs = numericHeader(answer, `x-ratelimit-${bucket}-reset`)
  return resetMs === undefined ? undefined : Math.max(0, resetMs - answer.nowMs)
}

/**
 * The buckets that are empty say how long to wait, the slowest of them. Where none is, the limit of the operation
 * itself does, which is sent only when it was hit, and else the bucket that is full again first.
 */
const throttleMs = (answer: Answer): number | undefined => {
  const standard = retryAfterMs(answer)
  if (standard !== undefined) return standard
  const needed = { requests: 1, "endpoint-requests": 1, complexity: numericHeader(answer, "x-complexity") ?? 1 }
  const waits = (buckets: ReadonlyArray<string>) =>
    buckets.map((bucket) => untilReset(answer, bucket)).filter(Predicate.isNumber)
  const empty = Object.entries(needed)
    .filter(([bucket, cost]) => (numericHeader(answer, `x-ratelimit-${bucket}-remaining`) ?? Infinity) < cost)
    .map(([bucket]) => bucket)
  const exhausted = waits(empty)
  if (exhausted.length > 0) return Math.max(...exhausted)
  const others = waits(Object.keys(needed)).filter((wait) => wait > 0)
  return untilReset(answer, "endpoint-requests") ?? (others.length > 0 ? Math.min(...others) : undefined)
}

const meaning = (error: GraphQLError, { status }: Answer): Refusal["kind"] => {
  const { kinds, message, userError, words } = error
  const is = (known: ReadonlySet<string>) => kinds.some((kind) => known.has(kind))
  if (is(credentials) || status === 401) return "credentials"
  if (is(unavailable)) return "unavailable"
  if (taken.test(message) || taken.test(words)) return "conflict"
  if (unknownEntity.test(message)) return "missing"
  if (is(misunderstood)) return "unreadable"
  if (is(rejected) || userError) return "rejected"
  return status >= 500 ? "unavailable" : "unreadable"
}

/**
 * Source: linear.app/developers, "Rate limiting", and the SDK. `errors` decide before anything else: they come with any
 * HTTP status, 200 and partial data included, and running out of requests is a 400.
 */
export const dialect: Dialect = {
  vendor: "Linear",
  quotas: (answer) =>
    QuotaUnit.literals.flatMap((unit) =>
      quotaIn(answer, {
        unit,
        limit: `x-ratelimit-${unit}-limit`,
        remaining: `x-ratelimit-${unit}-remaining`,
        resetsAtMs: numericHeader(answer, `x-ratelimit-${unit}-reset`)
      })
    ),
  refusal: (answer) => {
    const { body, status } = answer
    const list = Predicate.hasProperty(body, "errors") && Array.isArray(body.errors) ? body.errors : []
    const errors = list.map(graphQLError)
    if (status === 429 || errors.some(({ kinds }) => kinds.some((kind) => throttled.has(kind)))) {
      return { kind: "throttled", retryAfterMs: throttleMs(answer) }
    }
    const [first] = errors
    if (first !== undefined) return { kind: meaning(first, answer), words: first.words }
    // There is one path: where it is missing, it is not Linear that answers.
    return status === 404 || status === 405 ? { kind: "unreadable" } : byStatus(status)
  }
}
