import type { HttpClientRequest } from "@effect/platform"
import { Redacted } from "effect"

/** Shorter ones stand in ordinary words, and would make nonsense of what the vendor says. */
const shortest = 4

/** The credential behind a scheme: `Bearer …`, `Bot …`, `Token token=…`. */
const behindScheme = (authorization: string): string => authorization.replace(/^\S+ (token=)?/i, "")

const spellings = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url")
]

/**
 * Takes the credentials of a request out of the vendor's words, which may quote what they refuse. `elsewhere` are those that
 * do not stand in the `authorization` header. Before anything shortens the words: half a secret would not be found.
 */
export const scrub = (
  request: HttpClientRequest.HttpClientRequest,
  elsewhere: ReadonlyArray<Redacted.Redacted> = []
): (words: string) => string => {
  const authorization = request.headers["authorization"] ?? ""
  const secrets = [authorization, behindScheme(authorization), ...elsewhere.map(Redacted.value)]
  const hidden = [...new Set(secrets.filter(({ length }) => length >= shortest).flatMap(spellings))]
    // The longest first: one may hold another.
    .toSorted((one, other) => other.length - one.length)
  return (words) => hidden.reduce((text, secret) => text.replaceAll(secret, "[secret]"), words)
}
