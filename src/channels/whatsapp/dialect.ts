import { Predicate } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"

/** Meta's error codes by what they mean for us. Source: WhatsApp Business Platform, Cloud API, "Error codes". */
const credentials = (code: number) => code === 0 || code === 10 || code === 190 || (code >= 200 && code <= 299)
const throttled = new Set([4, 80007, 130429, 131048, 131056])
const unavailable = new Set([1, 2, 131000, 131016, 133004])

/**
 * The HTTP status says little here: `error.code` decides, and `error_data.details` explains. A refusal without a code is
 * not Meta's, and says nothing against the message.
 */
export const dialect: Dialect = {
  vendor: "WhatsApp",
  refusal: (answer) => {
    const { body, status } = answer
    const error = Predicate.hasProperty(body, "error") ? body.error : undefined
    const code = Predicate.hasProperty(error, "code") ? error.code : undefined
    if (typeof code !== "number") {
      return status === 400 || status === 403 ? { kind: "unreadable" } : byStatus(status)
    }
    const data = Predicate.hasProperty(error, "error_data") ? error.error_data : undefined
    const words = stringAt(data, "details") ?? stringAt(error, "message")
    if (credentials(code)) return { kind: "credentials", words }
    if (throttled.has(code) || status === 429) return { kind: "throttled", retryAfterMs: retryAfterMs(answer) }
    const transient = Predicate.hasProperty(error, "is_transient") && error.is_transient === true
    return { kind: transient || unavailable.has(code) || status >= 500 ? "unavailable" : "rejected", words }
  }
}
