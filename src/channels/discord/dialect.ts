import { Predicate } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"

/** Source: Discord API docs, "Rate Limits": `retry_after` is in seconds, with a fraction. */
export const dialect: Dialect = {
  vendor: "Discord",
  refusal: (answer) => {
    const { body, status } = answer
    const standard = byStatus(status)
    if (standard?.kind !== "throttled") return standard && { ...standard, words: stringAt(body, "message") }
    const seconds = Predicate.hasProperty(body, "retry_after") ? body.retry_after : undefined
    return {
      kind: "throttled",
      retryAfterMs: typeof seconds === "number" && seconds >= 0 ? seconds * 1000 : retryAfterMs(answer)
    }
  }
}
