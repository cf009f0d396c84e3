import { Option, Predicate, type Redacted } from "effect"
import { isUtf8 } from "node:buffer"
import type { OrgId } from "../domain/Ids.ts"
import type { FailureReason } from "../domain/WebhookFailure.ts"
import { signs } from "./webhookSignature.ts"

/** A form that a body may have had when it was signed. */
export interface Form {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Bytes. A larger body is not examined: every form of it is hashed once for each secret in question. */
export const largestExamined = 64 * 1024

/** Indented JSON grows with its depth, and printing it recurses. No vendor's webhook comes near this. */
const deepest = 32

const isShallow = (value: unknown, depth = 0): boolean =>
  !Predicate.isObject(value) ||
  (depth < deepest && Object.values(value).every((member) => isShallow(member, depth + 1)))

/** Beyond ASCII each UTF-16 unit is written as `\u` and four digits. */
const escaped = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Within a string of JSON there is no line break: those that are there come from the indentation. */
const onOneLine = (indented: string): string => indented.replace(/,\n */g, ", ").replace(/\n */g, "")

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** As the serialisers that are about would have written the same JSON. */
const printed = (value: unknown) => {
  const compact = JSON.stringify(value)
  const indented = JSON.stringify(value, null, 2)
  const spaced = onOneLine(indented)
  return [
    ["the body as compact JSON", compact],
    ["the body as compact JSON with \\u escapes", escaped(compact)],
    ["the body as compact JSON with \\u and \\/ escapes", escaped(compact).replaceAll("/", "\\/")],
    ["the body as JSON with spaces after commas and colons", spaced],
    ["the body as JSON with spaces after commas and colons, and \\u escapes", escaped(spaced)],
    ["the body as indented JSON", indented]
  ] as const
}

/**
 * Forms other than its own in which this body may have been signed, before something on the way wrote it anew. What is
 * lost by that cannot be guessed: a float's `.0`, an escape that was not needed.
 */
export const otherForms = (body: Uint8Array): ReadonlyArray<Form> => {
  if (body.length > largestExamined || !isUtf8(body)) return []
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body)
  const trimmed = text.trim()
  const forms = [
    ["the body without white space around it", trimmed],
    ["the body with a line break at its end", `${trimmed}\n`],
    ...Option.match(Option.filter(parse(trimmed), (value) => isShallow(value)), { onNone: () => [], onSome: printed })
  ] as const
  const seen = new Set([text])
  return forms.flatMap(([name, form]) => {
    if (seen.has(form) || form.length > 2 * largestExamined) return []
    seen.add(form)
    return [{ name, bytes: new TextEncoder().encode(form) }]
  })
}

/** An org whose webhook it may be, and its secrets, none of which made the signature. */
export interface Suspect {
  readonly orgId: OrgId
  readonly secrets: ReadonlyArray<Redacted.Redacted>
}

export interface Diagnosis {
  readonly reason: FailureReason
  readonly details: string
  /** Whose secret made the signature, over another form of the body; of no other diagnosis is that known. */
  readonly orgId: OrgId | undefined
}

const noSecret: Diagnosis = { reason: "no-secret", details: "No webhookSecret is configured", orgId: undefined }
const wrongSecret: Diagnosis = {
  reason: "wrong-secret",
  details: "No configured secret made the signature, neither over this body nor over another form of it",
  orgId: undefined
}
const notExamined: Diagnosis = {
  ...wrongSecret,
  details: "No configured secret made the signature over this body; whether it was altered was not examined"
}

/** `orgId` is `undefined` where several orgs share the secret. */
const altered = (form: Form, orgId: OrgId | undefined): Diagnosis => ({
  reason: "altered",
  details: `The signature is right for ${form.name}: something on the way writes bodies anew. ` +
    "It has to pass them on byte for byte",
  orgId
})

/** What the doctor gets to see of a webhook that did not verify. */
export interface Case {
  readonly body: Uint8Array
  readonly signatures: ReadonlyArray<Uint8Array>
  readonly suspects: ReadonlyArray<Suspect>
  /** The one whose webhook it would be, if that is known. */
  readonly known: OrgId | undefined
  /** Whether to look for alterations. */
  readonly thorough: boolean
}

/** Why none of the suspects' secrets made a signature of this body. */
export const diagnose = ({ body, known, signatures, suspects, thorough }: Case): Diagnosis => {
  const examined = thorough && body.length <= largestExamined
  for (const form of examined ? otherForms(body) : []) {
    const [only, ...others] = suspects.filter(({ secrets }) =>
      secrets.some((secret) => signs(secret, form.bytes, signatures))
    )
    if (only !== undefined) return altered(form, others.length === 0 ? only.orgId : undefined)
  }
  const concerned = known === undefined ? suspects : suspects.filter(({ orgId }) => orgId === known)
  if (concerned.every(({ secrets }) => secrets.length === 0)) return noSecret
  return examined ? wrongSecret : notExamined
}
