import { Arbitrary, FastCheck, Redacted, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { integrations } from "../../src/integrations/registry.ts"

const Configure = Schema.Union(...integrations.map(({ Configure }) => Configure))

/** `pagerduty.apiKey` and so on: every secret that the registry knows, told by what decoding makes of it. */
export const configured: ReadonlyArray<string> = [
  ...new Set(
    FastCheck.sample(Arbitrary.make(Configure), 1000).flatMap(({ config, integration }) =>
      Object.entries(config).flatMap(([field, value]) => Redacted.isRedacted(value) ? [`${integration}.${field}`] : [])
    )
  )
]

const marker = `cAnArY"\\%+/`

/** A secret that is nowhere by chance, and is written differently in a URL, in JSON and in base64. */
export const canary = (prefix = ""): string => `${prefix}${marker}${randomBytes(12).toString("hex")}`

/** Every four bytes from three on: how a text stands in base64 depends on what stands before it. */
const within = (secret: string): ReadonlyArray<string> =>
  [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${"x".repeat(before)}${secret}`).toString("base64")
    return encoded.slice(before === 0 ? 0 : 4, -4)
  })

/** How a secret may be written. */
export const spellings = (secret: string): ReadonlyArray<string> => {
  const once = JSON.stringify(secret).slice(1, -1)
  return [
    ...new Set([
      secret,
      once,
      JSON.stringify(once).slice(1, -1),
      encodeURIComponent(secret),
      encodeURI(secret),
      Buffer.from(secret).toString("hex"),
      ...within(secret),
      ...within(secret).map((one) => one.replaceAll("+", "-").replaceAll("/", "_"))
    ])
  ]
}

/** What some spelling of each canary holds: cheap to look for, where there are many texts. */
const suspicious = new RegExp(
  ["cAnArY", Buffer.from("cAnArY").toString("hex"), ...within(marker)].map((one) =>
    one.replaceAll(/[^A-Za-z0-9]/g, "\\$&")
  ).join("|"),
  "i"
)

/** Which of the secrets, canaries all, stand in a text, in whatever spelling. */
export const found = (secrets: Readonly<Record<string, string>>, text: string): ReadonlyArray<string> =>
  !suspicious.test(text) ?
    [] :
    Object.entries(secrets).flatMap(([name, secret]) =>
      spellings(secret).some((spelled) => text.includes(spelled)) ? [name] : []
    )
