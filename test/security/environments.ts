/** The ways in which callers are known. What holds for callers has to hold in each. */
export interface CallersKnownBy {
  readonly name: string
  /** Environment variables, as an operator would set them. */
  readonly environment: Readonly<Record<string, string>>
  /** What a caller sends who is not entitled to anything. */
  readonly stranger: Readonly<Record<string, string>>
  /** The code that a stranger is refused with. */
  readonly refusal: string
}

export const environments: ReadonlyArray<CallersKnownBy> = [
  { name: "AUTH=none", environment: {}, stranger: {}, refusal: "ORG_ID_REQUIRED" }
]
