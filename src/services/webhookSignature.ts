import { Redacted } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"

const sha256Hex = /^[0-9a-f]{64}$/i

/** As many as count in one header: a vendor sends two while it changes secrets. */
const maxSignatures = 10

/** The bytes of those texts that have the form of a hex SHA-256. */
export const signaturesOf = (texts: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  texts.filter((text) => sha256Hex.test(text)).slice(0, maxSignatures).map((hex) => Buffer.from(hex, "hex"))

/** Whether one of the signatures is the HMAC-SHA256 of the body under the secret. Each is compared in constant time. */
export const signs = (
  secret: Redacted.Redacted,
  body: Uint8Array,
  signatures: ReadonlyArray<Uint8Array>
): boolean => {
  const hmac = createHmac("sha256", Redacted.value(secret)).update(body).digest()
  return signatures.some((signature) => signature.length === hmac.length && timingSafeEqual(hmac, signature))
}
