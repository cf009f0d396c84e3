import { Context, Effect, Layer } from "effect"
import { makeDiscord } from "./discord.ts"
import { makeLinear } from "./linear/linear.ts"
import { makePagerDuty, type PagerDutyOptions } from "./pagerduty.ts"
import { makeSentry } from "./sentry.ts"
import { makeSlack } from "./slack.ts"
import type { ChatStandIn, StandIn } from "./StandIn.ts"
import { makeTelegram } from "./telegram.ts"
import { makeWhatsApp } from "./whatsapp.ts"

/** Where the demo's vendors listen; tests take free ports. */
export const sandboxPorts = {
  pagerduty: 4011,
  linear: 4012,
  sentry: 4013,
  slack: 4014,
  discord: 4015,
  telegram: 4016,
  whatsapp: 4017
} as const

/** What differs between the demo and a test: fixed ports or free ones, and PagerDuty's clock. */
export interface StandInsOptions {
  readonly ports?: Partial<Record<keyof typeof sandboxPorts, number>>
  readonly now?: PagerDutyOptions["now"]
}

/** Every vendor's stand-in, running until the scope closes. */
export class StandIns extends Context.Tag("sandbox/StandIns")<StandIns, {
  readonly pagerduty: StandIn
  readonly linear: StandIn
  readonly sentry: StandIn
  readonly slack: ChatStandIn
  readonly discord: ChatStandIn
  readonly telegram: ChatStandIn
  readonly whatsapp: ChatStandIn
  /** The variables that point the service at the stand-ins. */
  readonly environment: Readonly<Record<string, string>>
}>() {
  static readonly make = Effect.fn("StandIns.make")(function*({ now, ports = {} }: StandInsOptions = {}) {
    const vendors = yield* Effect.all({
      pagerduty: makePagerDuty({ port: ports.pagerduty ?? 0, ...(now === undefined ? {} : { now }) }),
      linear: makeLinear({ port: ports.linear ?? 0 }),
      sentry: makeSentry({ port: ports.sentry ?? 0 }),
      slack: makeSlack({ port: ports.slack ?? 0 }),
      discord: makeDiscord({ port: ports.discord ?? 0 }),
      telegram: makeTelegram({ port: ports.telegram ?? 0 }),
      whatsapp: makeWhatsApp({ port: ports.whatsapp ?? 0 })
    }, { concurrency: "unbounded" })
    const environment = Object.fromEntries(
      Object.values(vendors).map(({ url, vendor }) => [`${vendor.toUpperCase()}_API_URL`, url])
    )
    return StandIns.of({ ...vendors, environment })
  })

  static readonly layer = (options?: StandInsOptions) => Layer.scoped(StandIns, StandIns.make(options))
}
