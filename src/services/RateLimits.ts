import { make, RateLimiterStore } from "@effect/experimental/RateLimiter"
import { Config, ConfigError, Duration, Effect, Either, Metric, Option } from "effect"
import { RateLimited } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { requestsRefused } from "../observability/metrics.ts"
import { boundedBuckets } from "./boundedBuckets.ts"

/** So many a second in the long run, `burst` at once after a rest. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

const syntax = /^(\d{1,6})\/s(?: burst (\d{1,6}))?$/

const parseRate = (text: string): Option.Option<Option.Option<Rate>> => {
  if (text.trim() === "off") return Option.some(Option.none())
  const [, rate, burst] = syntax.exec(text.trim()) ?? []
  const perSecond = Number(rate ?? 0)
  const most = burst === undefined ? 2 * perSecond : Number(burst)
  return perSecond >= 1 && most >= 1 ? Option.some(Option.some({ perSecond, burst: most })) : Option.none()
}

/** `50/s burst 100`, `50/s` with a burst of twice the rate, or `off`. */
const rate = (name: string, fallback: string) =>
  Config.string(name).pipe(
    Config.withDefault(fallback),
    Config.mapOrFail((text) =>
      Option.match(parseRate(text), {
        onNone: () => Either.left(ConfigError.InvalidData([name], "expected a rate as 50/s, 50/s burst 100, or off")),
        onSome: Either.right
      })
    )
  )

export const rateLimits = Config.all({
  requests: rate("RATE_LIMIT", "50/s burst 100"),
  webhooks: rate("WEBHOOK_RATE_LIMIT", "200/s burst 2000"),
  failures: rate("FAILURE_RATE_LIMIT", "10/s burst 100")
})

/** Keys with a bucket of their own, some 10 MB of them, and buckets that all others share. */
const buckets = { own: 50_000, shared: 4096 }

/** How many times an address's share of failures all addresses together have. */
const addresses = 20

const times = ({ burst, perSecond }: Rate): Rate => ({ perSecond: addresses * perSecond, burst: addresses * burst })

/** Who has an IPv6 address has all of its network. */
const networkOf = (address: string): string => {
  const [, ipv4] = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address) ?? []
  if (ipv4 !== undefined || !address.includes(":")) return ipv4 ?? address
  const [head = "", tail = ""] = address.split("::")
  const groups = (part: string) => part === "" ? [] : part.split(":")
  const zeros = address.includes("::") ? 8 - groups(head).length - groups(tail).length : 0
  return [...groups(head), ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...groups(tail)]
    .slice(0, 4).join(":")
}

/** An address, where the connection has one. */
export type Address = Option.Option<string>

interface Limit {
  /** Takes one, if there is one. */
  readonly take: (key: string) => Effect.Effect<void, RateLimited>
  /** Whether there is one, taking none. */
  readonly look: (key: string) => Effect.Effect<void, RateLimited>
  readonly entries: Effect.Effect<number>
}

const unlimited: Limit = { take: () => Effect.void, look: () => Effect.void, entries: Effect.succeed(0) }

/** `name` is what refused requests are counted under. */
const limitTo = (
  name: string,
  configured: Option.Option<Rate>,
  told: (rate: Rate) => string
): Effect.Effect<Limit> =>
  Option.match(configured, {
    onNone: () => Effect.succeed(unlimited),
    onSome: (rate) => {
      const { burst, perSecond } = rate
      const { entries, store } = boundedBuckets(buckets)
      return Effect.map(Effect.provideService(make, RateLimiterStore, store), ({ consume }): Limit => {
        const refused = (retryAfter: Duration.Duration) =>
          Effect.zipRight(
            Metric.increment(requestsRefused(name)),
            new RateLimited({ details: told(rate), retryAfterMs: Duration.toMillis(retryAfter) })
          )
        const ask = (key: string, tokens: number) =>
          consume({
            algorithm: "token-bucket",
            key,
            tokens,
            limit: burst,
            window: Duration.millis((1000 * burst) / perSecond)
          }).pipe(
            Effect.catchAll((error) => error.reason === "Exceeded" ? refused(error.retryAfter) : Effect.die(error))
          )
        return {
          entries,
          take: (key) => Effect.asVoid(ask(key, 1)),
          look: (key) =>
            Effect.flatMap(
              ask(key, 0),
              ({ remaining }) => remaining > 0 ? Effect.void : refused(Duration.millis(1000 / perSecond))
            )
        }
      })
    }
  })

/**
 * Failed attempts, of each address and of all together. An address that has used its share up fails on
 * its own account only: it takes nothing more of what all have together.
 */
const failuresOf = (name: string, configured: Option.Option<Rate>, what: string) =>
  Effect.gen(function*() {
    const one = yield* limitTo(name, configured, ({ perSecond, burst }) =>
      `An address may fail ${perSecond} times a second, ${burst} in a burst: ${what}`)
    const all = yield* limitTo(name, Option.map(configured, times), () =>
      `Too many attempts fail at the moment: ${what}`)
    const keyOf = (address: Address) =>
      networkOf(Option.getOrElse(address, () => "unknown"))
    return {
      /** Fails where so many have failed that this one should not even be tried. */
      mayTry: (address: Address) => Effect.zipRight(one.look(keyOf(address)), all.look("all")),
      /** Counts one that has failed. Fails where that was one too many. */
      count: (address: Address) => Effect.zipRight(one.take(keyOf(address)), all.take("all")),
      entries: Effect.map(Effect.all([one.entries, all.entries]), ([a, b]) => a + b)
    }
  })

/**
 * How fast whom may be served. Organisations' shares are taken of only by who has proved to speak for one: an
 * authenticated caller, a webhook whose signature verifies. All others share what is left for failures.
 */
export class RateLimits extends Effect.Service<RateLimits>()("services/RateLimits", {
  effect: Effect.gen(function*() {
    const rates = yield* rateLimits
    const told = (what: string) => ({ burst, perSecond }: Rate) =>
      `The organisation may ${what} a second, ${burst} in a burst`.replace("#", String(perSecond))
    const requests = yield* limitTo("organisation_rate", rates.requests, told("make # requests"))
    const webhooks = yield* limitTo("webhook_rate", rates.webhooks, told("be sent # webhooks"))
    const authentication = yield* failuresOf(
      "authentication_failures",
      rates.failures,
      "authenticate with a valid token"
    )
    const signatures = yield* failuresOf(
      "signature_failures",
      rates.failures,
      "sign webhooks with the configured webhookSecret, and name the organisation with ?org="
    )
    return {
      /** One request of an organisation. */
      request: (orgId: OrgId) => requests.take(orgId),
      /** One verified webhook of an organisation. */
      webhook: (orgId: OrgId) => webhooks.take(orgId),
      authentication,
      signatures,
      /** How many buckets are kept, for whomever. */
      entries: Effect.map(
        Effect.all([requests.entries, webhooks.entries, authentication.entries, signatures.entries]),
        (counts) => counts.reduce((sum, count) => sum + count, 0)
      )
    } as const
  })
}) {}
