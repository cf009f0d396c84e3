import { Context } from "effect"

/**
 * Whether requests to an endpoint go into the audit log, where that is another answer than its method gives: see
 * `isAudited`.
 */
export class Audited extends Context.Reference<Audited>()("api/Audited", {
  defaultValue: (): boolean | null => null
}) {}

/** All that may change something is audited, unless the endpoint is annotated otherwise. */
export const isAudited = (endpoint: {
  readonly method: string
  readonly annotations: Context.Context<never>
}): boolean => Context.get(endpoint.annotations, Audited) ?? endpoint.method !== "GET"
