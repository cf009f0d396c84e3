import { Predicate } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"
import type { VendorFailure } from "../../upstream/VendorFailure.ts"

const moved = "The group has moved to the chat "

/** The new id of a group that has become a supergroup, where that is why a call failed. */
export const movedTo = ({ details, kind }: VendorFailure): string | undefined =>
  kind === "conflict" && details.startsWith(moved) ? details.slice(moved.length) : undefined

/**
 * Source: Telegram Bot API, "Making requests" and `ResponseParameters`. 403 is about one chat (blocked, kicked), and
 * says nothing against the token. A refusal that is not Telegram's own JSON comes from a proxy before it, and says
 * nothing against the token or the message.
 */
export const dialect: Dialect = {
  vendor: "Telegram",
  refusal: (answer) => {
    const { body, status } = answer
    const standard = byStatus(status)
    if (standard === undefined) return undefined
    const words = stringAt(body, "description")
    const parameters = Predicate.hasProperty(body, "parameters") ? body.parameters : undefined
    if (standard.kind === "throttled") {
      const seconds = Predicate.hasProperty(parameters, "retry_after") ? parameters.retry_after : undefined
      return {
        kind: "throttled",
        retryAfterMs: typeof seconds === "number" && seconds >= 0 ? seconds * 1000 : retryAfterMs(answer)
      }
    }
    const newId = Predicate.hasProperty(parameters, "migrate_to_chat_id") ? parameters.migrate_to_chat_id : undefined
    if (Number.isSafeInteger(newId)) return { kind: "conflict", words: `${moved}${String(newId)}` }
    // A token that is not even formed like one makes a path that does not exist.
    if (standard.kind === "missing" && (words === undefined || words === "Not Found")) return { kind: "credentials" }
    if (words === undefined && standard.kind !== "unavailable") return { kind: "unreadable" }
    return { kind: status === 403 ? "rejected" : standard.kind, words }
  }
}
