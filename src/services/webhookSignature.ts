import { Redacted } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"

const sha256Hex = /^[0-9a-f]{64}$/i

/** Whether text has the form of a hex SHA-256. */
export const isSignature = (text: string): boolean => sha256Hex.test(text)

/** Whether `signature` (hex) is the HMAC-SHA256 of the bytes, compared in constant time. */
export const signs = (secret: Redacted.Redacted, body: Uint8Array, signature: string): boolean =>
  isSignature(signature) &&
  timingSafeEqual(
    createHmac("sha256", Redacted.value(secret)).update(body).digest(),
    Buffer.from(signature, "hex")
  )
