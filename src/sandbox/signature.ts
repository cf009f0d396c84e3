import { createHmac } from "node:crypto"

const hmac = (secret: string, body: string | Uint8Array) => createHmac("sha256", secret).update(body).digest("hex")

/** The headers that prove a webhook to be the vendor's: lower-case hex HMAC-SHA256 over the exact bytes of the body. */
export const signatureHeaders = {
  pagerduty: (secret: string, body: string | Uint8Array) => ({ "x-pagerduty-signature": `v1=${hmac(secret, body)}` }),
  linear: (secret: string, body: string | Uint8Array) => ({ "linear-signature": hmac(secret, body) }),
  sentry: (secret: string, body: string | Uint8Array) => ({ "sentry-hook-signature": hmac(secret, body) })
} as const
