import { DateTime, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { ProjectId } from "../domain/ChannelRoute.ts"

/* What vendors send, made fit for an event. All of it is total: what is odd becomes what is nothing. */

/** Hex SHA-256. */
export const digest = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")

/** Part of an event type: what is no plain word is `unknown`. */
export const word = (text: string | undefined): string => /^[a-z0-9_-]{1,64}$/.exec(text ?? "")?.[0] ?? "unknown"

const longestTitle = 256

/** One line of 256 characters at most, cut between code points. */
export const oneLine = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").replace(/\p{Cs}/gu, "\ufffd").trim()
  return line.length <= longestTitle ? line : `${line.slice(0, longestTitle - 1).replace(/\p{Cs}$/u, "")}…`
}

/** The first candidate of which something is left. */
export const titleOf = (candidates: ReadonlyArray<string | undefined>, fallback: string): string =>
  candidates.map((candidate) => oneLine(candidate ?? "")).find((line) => line !== "") ?? fallback

/**
 * What the parts say beyond the title, under each other, without what no database or screen takes; `null` where that
 * is nothing.
 */
export const textOf = (parts: ReadonlyArray<string | undefined>, title: string): string | null => {
  const clean = parts.flatMap((part) => {
    const text = (part ?? "")
      .replace(/\r\n?|[\u2028\u2029]/g, "\n")
      .replace(/(?![\n\t])\p{Cc}/gu, " ")
      .replace(/\p{Cs}/gu, "\ufffd")
      .trim()
    return text === "" || text === title ? [] : [text]
  })
  return clean.length === 0 ? null : clean.join("\n")
}

const longestUrl = 2048
const page = /^https?:\/\/[^\s\p{C}]+$/iu

/** The first candidate that is an http or https URL of 2048 characters at most. */
export const urlOf = (candidates: ReadonlyArray<string | undefined>): string | null =>
  candidates.find((url) => url !== undefined && url.length <= longestUrl && page.test(url) && URL.canParse(url)) ?? null

const isProjectId = Schema.is(ProjectId)

/** The name as a project id, or `null` if it cannot be one. */
export const projectOf = (name: string | undefined): string | null => isProjectId(name) ? name : null

const plainId = /^[\x21-\x7e]{1,128}$/

/** `sentry:issue:4812345`; `null` for an id that is none. */
export const groupOf = (kind: string, id: string | number | undefined): string | null =>
  plainId.test(String(id ?? "")) ? `${kind}:${id}` : null

const isoTime = /^\d{4}-\d\d-\d\dT/

/** The vendor's time (ISO 8601, or epoch milliseconds), unless it is none, or is one that has not come yet. */
export const timeOf = (at: string | number | undefined, now: DateTime.Utc): DateTime.Utc => {
  if (at === undefined || (typeof at === "string" && !isoTime.test(at))) return now
  return Option.match(DateTime.make(at), {
    onNone: () => now,
    onSome: (time) => time.epochMillis < 0 ? now : DateTime.min(DateTime.toUtc(time), now)
  })
}
