import { channels } from "../channels/registry.ts"
import { linear } from "./linear/definition.ts"
import { pagerduty } from "./pagerduty/definition.ts"
import { sentry } from "./sentry/definition.ts"

/**
 * The vendors that we read, act on and hear from, one folder each, in the order in which the status lists them.
 * A new vendor is its folder and a line here; the compiler then asks for its live half in live.ts.
 */
export const vendors = [pagerduty, linear, sentry] as const

/** Everything that can be configured. */
export const integrations = [...vendors, ...channels] as const
