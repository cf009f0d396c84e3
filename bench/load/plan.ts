/** What is asked of a server. Each connection starts at an organisation of its own. */
export type Plan =
  | { readonly _tag: "Read"; readonly path: string; readonly orgs: ReadonlyArray<string> }
  /** Another incident with each request. */
  | { readonly _tag: "Acknowledge"; readonly orgs: ReadonlyArray<string> }
  /** Another issue with each request, signed. */
  | { readonly _tag: "Webhook"; readonly org: string; readonly secret: string }
  /** Now one, now another, as a service is used. */
  | { readonly _tag: "Mixed"; readonly plans: ReadonlyArray<Plan> }

export interface Run {
  readonly url: string
  readonly plan: Plan
  readonly connections: number
  readonly seconds: number
}

export interface Ran {
  readonly answered: number
  /** With those that are not counted, while connections were made. */
  readonly all: number
  /** Answers that were not 2xx by status, and requests without an answer. */
  readonly failed: ReadonlyArray<string>
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}
