import { Predicate } from "effect"
import { type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"

/** Slack's `error` words by what they mean for us. Source: Slack Web API, `chat.postMessage` and `auth.test`. */
const credentials = new Set([
  "not_authed",
  "invalid_auth",
  "token_revoked",
  "token_expired",
  "account_inactive",
  "missing_scope"
])
/** Both spellings occur. */
const throttled = new Set(["ratelimited", "rate_limited"])
const unavailable = new Set(["internal_error", "fatal_error", "request_timeout", "service_unavailable"])

/**
 * Slack says no with HTTP 200 and `ok: false`. A word that is not known here is a refusal, but for an outage. An answer
 * without a word is not Slack's: it says nothing against the token or the message.
 */
export const dialect: Dialect = {
  vendor: "Slack",
  refusal: (answer) => {
    const { body, status } = answer
    if (Predicate.hasProperty(body, "ok") && body.ok === true) return undefined
    const error = stringAt(body, "error")
    if (status === 429 || throttled.has(error ?? "")) return { kind: "throttled", retryAfterMs: retryAfterMs(answer) }
    if (error === undefined) return status < 500 && status !== 408 ? { kind: "unreadable" } : undefined
    if (credentials.has(error)) return { kind: "credentials", words: error }
    return { kind: unavailable.has(error) || status >= 500 ? "unavailable" : "rejected", words: error }
  }
}
