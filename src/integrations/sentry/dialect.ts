import { Predicate } from "effect"
import { type Answer, byStatus, type Dialect, numericHeader, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"
import { quotaIn } from "../../upstream/quotas.ts"

const at = (value: unknown, key: string): unknown => Predicate.hasProperty(value, key) ? value[key] : undefined

/** `detail` is a sentence, or an object with a code and a message. */
const wordsOf = (detail: unknown): string | undefined =>
  typeof detail === "string" ? detail : stringAt(detail, "message")

/** `X-Sentry-Rate-Limit-Reset` is a moment, in epoch seconds. Self-hosted releases do not send it. */
const untilReset = (answer: Answer): number | undefined => {
  const reset = numericHeader(answer, "x-sentry-rate-limit-reset")
  return reset === undefined ? retryAfterMs(answer) : Math.max(0, reset * 1000 - answer.nowMs)
}

const renamed = (detail: unknown): string => {
  const slug = stringAt(at(detail, "extra"), "slug")
  return `The Sentry project or organization was renamed${slug === undefined ? "" : ` to ${slug}`}`
}

/** Source: Sentry docs, "Rate Limits" and "Requests"; getsentry/sentry `api/exceptions.py`, `middleware/ratelimit.py`. */
export const dialect: Dialect = {
  vendor: "Sentry",
  // Of a second mostly, and of one endpoint: what the last one that was called had left.
  quotas: (answer) => {
    const reset = numericHeader(answer, "x-sentry-rate-limit-reset")
    return quotaIn(answer, {
      unit: "requests",
      limit: "x-sentry-rate-limit-limit",
      remaining: "x-sentry-rate-limit-remaining",
      resetsAtMs: reset === undefined ? undefined : reset * 1000
    })
  },
  refusal: (answer) => {
    const { status } = answer
    if (status < 300) return undefined
    // Its body may be a bare string, or a proxy's page.
    if (status === 429) return { kind: "throttled", retryAfterMs: untilReset(answer) }
    const detail = at(answer.body, "detail")
    if (status < 400) {
      return stringAt(detail, "code") === "resource-moved"
        ? { kind: "rejected", words: renamed(detail) }
        : { kind: "unreadable", words: `Sentry redirected the request (${status}): check region and baseUrl` }
    }
    const standard = byStatus(status)
    const words = wordsOf(detail)
    return standard && {
      ...standard,
      words: standard.kind === "missing" ? words ?? "Sentry knows no such organization" : words
    }
  }
}

/** For reads of one project: a project that is not there is a 403, just as a token that may not read issues. */
export const projectDialect: Dialect = {
  ...dialect,
  refusal: (answer) => answer.status === 403 ? { kind: "missing" } : dialect.refusal(answer)
}
