import { DateTime } from "effect"
import type { Alert } from "../domain/Alert.ts"
import type { Severity } from "../domain/Event.ts"

/** More than any message holds. What lies beyond is never looked at, so that no text is slow, whatever its length. */
const mostRead = 16_384

/**
 * Text that is safe to show and to encode: lines end with `\n`, halves of surrogate pairs are U+FFFD, other control
 * characters are gone, and so are the bidirectional overrides and isolates, which could reorder the words around them.
 */
const clean = (text: string): string =>
  (text.length > mostRead ? `${text.slice(0, mostRead).replace(/[\uD800-\uDBFF]$/, "")}…` : text)
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/\t/g, " ")
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replace(/(?!\n)[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "")

/** Any text as one clean line. */
export const line = (text: string): string => clean(text).replace(/\s+/g, " ").trim()

/** Any text as clean lines, with no more than one empty line between them. */
export const lines = (text: string): string => clean(text).replace(/\n{3,}/g, "\n\n").trim()

/** How much room text takes; never less than its length in UTF-16 units. */
type Size = (text: string) => number

const length: Size = (text) => text.length

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })

/** The text, or as much of it as fits with an ellipsis, never ending within what a reader sees as one character. */
export const cut = (text: string, most: number, size: Size = length): string => {
  if (text.length <= most && size(text) <= most) return text
  let kept = ""
  let taken = 1
  // One unit more than can be kept, because the segmenter has to see what follows the last character kept.
  for (const { segment } of segmenter.segment(text.slice(0, most + 1))) {
    taken += size(segment)
    if (taken > most) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/**
 * An http or https URL in the characters that RFC 3986 allows, so that no `<`, `>`, `|`, quote or space ends a link
 * early. Empty for anything else, and for a URL that does not fit: a link cannot be cut.
 */
export const link = (url: string | null, most: number, size: Size = length): string => {
  if (url === null || !URL.canParse(url)) return ""
  const { href, protocol } = new URL(url)
  if (protocol !== "http:" && protocol !== "https:") return ""
  const shown = href.replace(/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/g, encodeURIComponent)
  return size(shown) <= most ? shown : ""
}

/** Those parts that say something, joined. */
export const joined = (parts: ReadonlyArray<string>, separator: string): string =>
  parts.filter((part) => part !== "").join(separator)

const markers: { readonly [S in Severity]: string } = { info: "🔵", warning: "🟡", error: "🟠", critical: "🔴" }

const status = ({ severity, state, test }: Alert): string => {
  const standing = {
    open: `${markers[severity]} ${severity.toUpperCase()}`,
    acknowledged: `👀 ACKNOWLEDGED (${severity})`,
    resolved: `✅ RESOLVED (was ${severity})`
  }[state]
  return test ? `🧪 TEST: ${standing}` : standing
}

/** An alert in words, clean and of bounded length, not escaped for any channel. Empty where there is nothing to say. */
export interface Words {
  /** `🔴 CRITICAL`, `👀 ACKNOWLEDGED (critical)`, `✅ RESOLVED (was critical)`: ours alone, without outside text. */
  readonly status: string
  /** One line, 256 characters at most. */
  readonly title: string
  /** Lines, 2000 characters at most: the rest is behind the link. */
  readonly text: string
  readonly project: string
  /** `sentry.issue.created from sentry` */
  readonly event: string
  /** `2026-03-21 14:00:00 UTC` */
  readonly time: string
  /** `and 12 more like it` */
  readonly more: string
  /** Says that this is only a test. */
  readonly notice: string
}

export const words = (alert: Alert): Words => ({
  status: status(alert),
  title: cut(line(alert.title), 256) || "(no title)",
  text: cut(lines(alert.text ?? ""), 2000),
  project: cut(line(alert.projectId ?? ""), 100),
  event: `${cut(line(alert.eventType), 100)} from ${cut(line(alert.source), 40)}`,
  time: DateTime.formatIso(alert.occurredAt).replace("T", " ").replace(/\.\d+Z$/, " UTC"),
  more: alert.folded > 0 ? `and ${alert.folded} more like it` : "",
  notice: alert.test ? "This is a test message. Nothing has happened." : ""
})
