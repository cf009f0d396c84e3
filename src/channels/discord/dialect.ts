import { Array, Option, Predicate } from "effect"
import { byStatus, type Dialect, retryAfterMs, stringAt } from "../../upstream/Dialect.ts"

/**
 * The first reason that a form was refused for, behind where it stands: `embeds.0.url: Not a well formed URL.` The
 * reasons stand under `_errors`, at most a few levels deep.
 */
const reason = (errors: unknown, path: ReadonlyArray<string> = []): Option.Option<string> => {
  if (!Predicate.isReadonlyRecord(errors) || path.length > 6) return Option.none()
  const [first] = Array.isArray(errors["_errors"]) ? errors["_errors"] : []
  const words = stringAt(first, "message")
  return words === undefined
    ? Array.findFirst(Object.entries(errors), ([key, inner]) => reason(inner, [...path, key]))
    : Option.some(`${path.join(".")}: ${words}`)
}

const words = (body: unknown): string | undefined => {
  const message = stringAt(body, "message")
  const why = Predicate.hasProperty(body, "errors") ? reason(body.errors) : Option.none()
  return message === undefined || Option.isNone(why) ? message : `${message} (${why.value})`
}

/**
 * Source: Discord API docs, "Rate Limits": `retry_after` is in seconds, with a fraction. 403 is about what the bot may
 * do in one place (50001, 50013), and says nothing against the token. A refusal that is not Discord's own JSON comes from
 * a proxy before it, and says nothing against the token or the message.
 */
export const dialect: Dialect = {
  vendor: "Discord",
  refusal: (answer) => {
    const { body, status } = answer
    const standard = byStatus(status)
    if (standard === undefined || standard.kind === "unavailable") return standard
    if (standard.kind !== "throttled") {
      if (stringAt(body, "message") === undefined) return { kind: "unreadable" }
      return { kind: status === 403 ? "rejected" : standard.kind, words: words(body) }
    }
    const seconds = Predicate.hasProperty(body, "retry_after") ? body.retry_after : undefined
    return {
      kind: "throttled",
      retryAfterMs: typeof seconds === "number" && seconds >= 0 ? seconds * 1000 : retryAfterMs(answer)
    }
  }
}
