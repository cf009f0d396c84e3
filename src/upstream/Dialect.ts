import type { Headers } from "@effect/platform"
import { Predicate } from "effect"
import type { Quota } from "../domain/Quota.ts"
import { VendorFailure } from "./VendorFailure.ts"

/** What came back: `body` is parsed JSON, or the text itself where it is not JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: unknown
  readonly nowMs: number
}

/** What an answer means if it is not the result that was asked for. */
export interface Refusal {
  readonly kind: VendorFailure["kind"]
  /** The vendor's own words, where it found any. */
  readonly words?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** How a vendor speaks: all that differs between vendors when a call fails. */
export interface Dialect {
  /** As in sentences: `PagerDuty`. */
  readonly vendor: string
  /** `undefined` when the answer is a result. Whatever no rule of the vendor's covers goes to `byStatus`. */
  readonly refusal: (answer: Answer) => Refusal | undefined
  /** What an answer's headers tell of quotas: any answer's, a refusal's too. Left out where the vendor tells nothing. */
  readonly quotas?: (answer: Answer) => ReadonlyArray<Quota>
}

/** The meaning that an HTTP status has everywhere. */
export const byStatus = (status: number): Refusal | undefined => {
  if (status < 300) return undefined
  if (status === 401 || status === 403) return { kind: "credentials" }
  if (status === 404) return { kind: "missing" }
  if (status === 408) return { kind: "unavailable" }
  if (status === 429) return { kind: "throttled" }
  return { kind: status >= 500 ? "unavailable" : status < 400 ? "unreadable" : "rejected" }
}

/**
 * How long to wait by the standard header, in milliseconds: a number of seconds or an HTTP date (RFC 9110, 10.2.3).
 */
export const retryAfterMs = ({ headers, nowMs }: Answer): number | undefined => {
  const value = headers["retry-after"]
  if (value === undefined) return undefined
  const wait = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined
}

/** A header that holds a number. */
export const numericHeader = ({ headers }: Answer, name: string): number | undefined => {
  const value = headers[name]
  return value !== undefined && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined
}

/** A vendor's sentence, fit to be shown: one line, not endless. */
export const oneLine = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim()
  const characters = [...line]
  return characters.length > 300 ? `${characters.slice(0, 299).join("")}…` : line
}

/** The string under `key`, where there is one. */
export const stringAt = (value: unknown, key: string): string | undefined =>
  Predicate.hasProperty(value, key) && typeof value[key] === "string" ? value[key] : undefined

/** The failure that a refusal stands for, in sentences that are the same for every vendor. */
export const failure = (dialect: Dialect, refusal: Refusal, status: number): VendorFailure => {
  const { vendor } = dialect
  const { kind } = refusal
  // Vendors' clocks and ours differ: a time that has passed is no wait.
  const retryAfterMs = refusal.retryAfterMs === undefined || !Number.isFinite(refusal.retryAfterMs)
    ? undefined
    : Math.max(0, Math.round(refusal.retryAfterMs))
  const words = refusal.words === undefined || refusal.words.trim() === "" ? undefined : oneLine(refusal.words)
  const details = (): string => {
    switch (kind) {
      case "throttled":
        return retryAfterMs === undefined
          ? `${vendor} rate limit exceeded`
          : `${vendor} rate limit exceeded, retry after ${Math.ceil(retryAfterMs / 1000)}s`
      case "credentials":
        return `${vendor} rejected the credentials (${status})`
      case "unavailable":
        return `${vendor} is unavailable (${status})`
      case "unreadable":
        return words ?? `${vendor} answered with something unexpected (${status})`
      default:
        return words ?? `${vendor} refused the request (${status})`
    }
  }
  return new VendorFailure({
    vendor,
    kind,
    details: details(),
    harmless: kind === "throttled",
    ...(retryAfterMs !== undefined && { retryAfterMs })
  })
}
