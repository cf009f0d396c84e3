import { Effect, Redacted } from "effect"
import { TestApi } from "../../src/testing/TestApi.ts"

type Headers = Readonly<Record<string, string>>

/** The ways in which callers are known. What holds for callers has to hold in each. */
export interface CallersKnownBy {
  readonly name: string
  /** Environment variables, as an operator would set them. */
  readonly environment: Readonly<Record<string, string>>
  /** What a caller sends who is not entitled to anything. */
  readonly stranger: Headers
  /** The code that a stranger is refused with. */
  readonly refusal: string
  /** What a caller sends, besides `x-org-id`, who may do everything for an organisation; `*` is for any. */
  readonly entitled: (org: string) => Effect.Effect<Headers, never, TestApi>
}

export const environments: ReadonlyArray<CallersKnownBy> = [
  {
    name: "AUTH=none",
    environment: {},
    stranger: {},
    refusal: "ORG_ID_REQUIRED",
    entitled: () => Effect.succeed({})
  },
  {
    name: "AUTH=tokens",
    environment: { AUTH: "tokens" },
    stranger: { "x-org-id": "org-acme-corp" },
    refusal: "UNAUTHORIZED",
    entitled: (org) =>
      Effect.map(
        Effect.flatMap(TestApi, (api) => api.token(org)),
        (token) => ({ authorization: `Bearer ${Redacted.value(token)}` })
      )
  }
]
