import { Cause, Clock, DateTime, Duration, Effect, Exit, Metric, Option, Random } from "effect"
import { admit, after, type Breaker, closed, type Fault, type Open, type Outcome } from "../domain/Breaker.ts"
import { UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { breakersOpen, breakerTransitions, vendorCallsRefused } from "../observability/metrics.ts"
import { whenLookedAt } from "../observability/whenLookedAt.ts"

/** What a breaker watches: an org's calls to a vendor under one config. Another config is another chance. */
export interface Line {
  readonly orgId: OrgId
  readonly integration: string
  /** The vendor's name in sentences. */
  readonly vendor: string
  /** Changes with every configure. */
  readonly revision: string
}

interface Kept {
  readonly vendor: string
  readonly revision: string
  readonly breaker: Breaker
  readonly touchedMs: number
}

/** Longer than any wait: what has not been called for as long is not known to be down any more. */
const forgottenAfter = Duration.minutes(10)

/** A few hundred bytes each. Beyond it the one that was called least recently is forgotten, which lets calls through. */
const mostKept = 10_000

const whole = (ms: number): string =>
  DateTime.formatIso(DateTime.unsafeMake(Math.ceil(ms / 1000) * 1000)).replace(".000Z", "Z")

/** Throttling, refusals and odd answers are answers. */
const faultOf = ({ details, reason }: UpstreamFailed): Fault | undefined =>
  reason === "timeout" || reason === "unreachable" || reason === "unavailable" ? { details, reason } : undefined

const outcomeOf = <A, E>(exit: Exit.Exit<A, E>, nowMs: number, random: number): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: "answered" }
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof UpstreamRejected) return { _tag: "answered" }
  if (!(failure instanceof UpstreamFailed)) return { _tag: "unknown" }
  const fault = faultOf(failure)
  return fault === undefined ? { _tag: "answered" } : { _tag: "failed", fault, nowMs, random }
}

/** Fails calls to vendors that are down at once, and finds out by itself when they are back. */
export class Breakers extends Effect.Service<Breakers>()("services/Breakers", {
  scoped: Effect.gen(function*() {
    const clock = yield* Effect.clock
    /** Of organisations whose vendor has failed lately, least recently called first. */
    const kept = new Map<string, Kept>()

    const keyOf = ({ integration, orgId }: Line) => JSON.stringify([integration, orgId])

    const isForgotten = ({ touchedMs }: Kept, nowMs: number) => nowMs - touchedMs > Duration.toMillis(forgottenAfter)

    const find = (line: Line, nowMs: number): Breaker => {
      const found = kept.get(keyOf(line))
      return found === undefined || found.revision !== line.revision || isForgotten(found, nowMs)
        ? closed
        : found.breaker
    }

    const put = (line: Line, breaker: Breaker, nowMs: number) => {
      const key = keyOf(line)
      kept.delete(key)
      if (breaker._tag === "Open" || breaker.failures > 0) {
        kept.set(key, { vendor: line.vendor, revision: line.revision, breaker, touchedMs: nowMs })
      }
      for (const [oldest, entry] of kept) {
        if (kept.size <= mostKept && !isForgotten(entry, nowMs)) break
        kept.delete(oldest)
      }
    }

    /** Vendors that have ever failed: none of them is open any more is something to show, too. */
    const vendors = new Set<string>()
    yield* whenLookedAt(() => {
      const nowMs = clock.unsafeCurrentTimeMillis()
      const open = new Map([...vendors].map((vendor) => [vendor, 0]))
      for (const entry of kept.values()) {
        if (entry.breaker._tag === "Closed" || isForgotten(entry, nowMs)) continue
        open.set(entry.vendor, (open.get(entry.vendor) ?? 0) + 1)
      }
      for (const [vendor, count] of open) breakersOpen(vendor).unsafeUpdate(count, [])
    })

    const turned = ({ vendor }: Line, state: "open" | "half_open" | "closed") => {
      vendors.add(vendor)
      return Metric.increment(breakerTransitions(vendor, state))
    }

    const refusal = ({ vendor }: Line, { fault, retryAtMs, trying }: Open, nowMs: number) => {
      const next = trying ? "a call is trying it now" : `next try at ${whole(retryAtMs)}`
      return Effect.zipRight(
        Metric.increment(vendorCallsRefused(vendor, "breaker")),
        new UpstreamFailed({
          vendor,
          reason: fault.reason,
          details: `${fault.details}; ${next}`,
          retryAfterMs: Math.max(1000, retryAtMs - nowMs)
        })
      )
    }

    /** Most lines: all that has to be done for their calls is to notice one that fails. */
    const isUntroubled = (line: Line): boolean => !kept.has(keyOf(line))

    /** Fails if a call would fail at once, and begins nothing. */
    const check = Effect.fnUntraced(function*(line: Line) {
      if (isUntroubled(line)) return
      const nowMs = yield* Clock.currentTimeMillis
      const admission = admit(find(line, nowMs), nowMs)
      if (admission._tag === "Refuse") return yield* refusal(line, admission.open, nowMs)
    })

    const tell = (line: Line, before: Breaker, now: Breaker) => {
      const annotated = Effect.annotateLogs({ org: line.orgId, integration: line.integration })
      if (now._tag === "Open" && (before._tag === "Closed" || now.trials > before.trials)) {
        const until = whole(now.retryAtMs)
        return Effect.zipRight(
          turned(line, "open"),
          annotated(Effect.logWarning(`Calls to ${line.vendor} fail at once until ${until}: ${now.fault.details}`))
        )
      }
      return before._tag === "Open" && now._tag === "Closed"
        ? Effect.zipRight(turned(line, "closed"), annotated(Effect.logInfo(`${line.vendor} answers again`)))
        : Effect.void
    }

    const settle = <A, E>(line: Line, trial: Open | null, exit: Exit.Exit<A, E>) =>
      Effect.gen(function*() {
        const nowMs = yield* Clock.currentTimeMillis
        const outcome = outcomeOf(exit, nowMs, yield* Random.next)
        const found = kept.get(keyOf(line))
        // It was configured anew meanwhile, and what was begun before says nothing about that.
        if (found !== undefined && found.revision !== line.revision) return
        const before = find(line, nowMs)
        const now = after(before, outcome, trial)
        put(line, now, nowMs)
        yield* tell(line, before, now)
      })

    const admitted = <A, E>(line: Line, call: Effect.Effect<A, E>): Effect.Effect<A, E | UpstreamFailed> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const nowMs = yield* Clock.currentTimeMillis
          const admission = admit(find(line, nowMs), nowMs)
          if (admission._tag === "Refuse") return yield* refusal(line, admission.open, nowMs)
          const trial = admission._tag === "Try" ? admission.trial : null
          if (trial !== null) {
            put(line, trial, nowMs)
            yield* turned(line, "half_open")
          }
          return yield* Effect.onExit(restore(call), (exit) => settle(line, trial, exit))
        })
      )

    /** A call, unless it fails at once. */
    const guard = (line: Line) => <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | UpstreamFailed> =>
      Effect.suspend(() =>
        isUntroubled(line)
          ? Effect.onExit(
            call,
            (exit) => Exit.isSuccess(exit) && isUntroubled(line) ? Effect.void : settle(line, null, exit)
          )
          : admitted(line, call)
      )

    /** For how many lines something is kept. */
    const size = Effect.sync(() => kept.size)

    return { check, guard, size } as const
  })
}) {}
