import { Predicate } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"

/** Source: Telegram Bot API, "Making requests" and `ResponseParameters`. */
export const dialect: Dialect = {
  vendor: "Telegram",
  refusal: (answer) => {
    const { body, status } = answer
    const standard = byStatus(status)
    const words = stringAt(body, "description")
    // A token that is not even formed like one makes a path that does not exist.
    if (standard?.kind === "missing" && (words === undefined || words === "Not Found")) return { kind: "credentials" }
    if (standard?.kind !== "throttled") return standard && { ...standard, words }
    const parameters = Predicate.hasProperty(body, "parameters") ? body.parameters : undefined
    const seconds = Predicate.hasProperty(parameters, "retry_after") ? parameters.retry_after : undefined
    return {
      kind: "throttled",
      retryAfterMs: typeof seconds === "number" && seconds >= 0 ? seconds * 1000 : retryAfterMs(answer)
    }
  }
}
