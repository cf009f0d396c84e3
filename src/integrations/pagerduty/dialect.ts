import { Predicate } from "effect"
import { type Answer, byStatus, type Dialect, numericHeader, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"
import { quotaIn } from "../../upstream/quotas.ts"

const number = (value: unknown, key: string): number | undefined =>
  Predicate.hasProperty(value, key) && typeof value[key] === "number" ? value[key] : undefined

/** `error` is an object with a list of `errors`, or, for a key of the wrong kind, a plain string. */
const errorOf = ({ body }: Answer): { readonly code: number | undefined; readonly words: string | undefined } => {
  const error = Predicate.hasProperty(body, "error") ? body.error : undefined
  if (typeof error === "string") return { code: undefined, words: error }
  const list = Predicate.hasProperty(error, "errors") && Array.isArray(error.errors) ? error.errors : []
  const parts = [stringAt(error, "message"), ...list.filter(Predicate.isString)].filter(Predicate.isString)
  return { code: number(error, "code"), words: parts.join(": ") }
}

/** Codes of PagerDuty's error list (REST v2, "Errors"), which is declared not to be exhaustive. */
const alreadyInState = new Set([1001, 1002])
const notFound = new Set([2100, 5001, 5002])
const throttled = 2020
const notAllowedToAct = 1018

/** Source: PagerDuty developer docs, REST API, "Errors" and "Rate Limits". */
export const dialect: Dialect = {
  vendor: "PagerDuty",
  quotas: (answer) => {
    const secondsLeft = numericHeader(answer, "ratelimit-reset")
    return quotaIn(answer, {
      unit: "requests",
      limit: "ratelimit-limit",
      remaining: "ratelimit-remaining",
      resetsAtMs: secondsLeft === undefined ? undefined : answer.nowMs + secondsLeft * 1000
    })
  },
  refusal: (answer) => {
    const { status } = answer
    if (status < 300) return undefined
    const { code, words } = errorOf(answer)
    if (status === 429 || code === throttled) {
      // `ratelimit-reset` is the number of seconds left; headers and body may both be missing.
      const seconds = numericHeader(answer, "ratelimit-reset")
      return { kind: "throttled", retryAfterMs: seconds === undefined ? retryAfterMs(answer) : seconds * 1000 }
    }
    if (code !== undefined && alreadyInState.has(code) || /already (resolved|acknowledged)/i.test(words ?? "")) {
      return { kind: "conflict", words }
    }
    if (code !== undefined && notFound.has(code)) return { kind: "missing", words }
    if (code === notAllowedToAct) return { kind: "rejected", words }
    const standard = byStatus(status)
    return standard && { ...standard, words: standard.kind === "unreadable" ? undefined : words }
  }
}
