import { type HttpApp, HttpServerRequest, type HttpServerResponse } from "@effect/platform"
import { Cause, Effect, Exit, FiberRef, LogLevel, Option } from "effect"
import { interrupted } from "../domain/AuditEntry.ts"
import { requests, requestSeconds } from "../observability/metrics.ts"
import { parsedAnswer } from "./auditing.ts"
import { requestedOperation } from "./operations.ts"
import { type Facts, facts } from "./RequestFacts.ts"

interface Ended {
  readonly status: number
  /** Of the error, or `ok`. */
  readonly code: string
}

/** An answer that is given again was not made here: its code stands in it alone. */
const codeOf = ({ code }: Facts, response: HttpServerResponse.HttpServerResponse): string =>
  code ?? Option.getOrUndefined(parsedAnswer(response))?.code ?? "INTERNAL_ERROR"

const endedWith = (known: Facts) =>
  Exit.match({
    onSuccess: (response: HttpServerResponse.HttpServerResponse): Ended => ({
      status: response.status,
      code: response.status < 400 ? "ok" : codeOf(known, response)
    }),
    onFailure: (cause: Cause.Cause<never>): Ended =>
      Cause.isInterruptedOnly(cause)
        ? { status: interrupted.status, code: interrupted.outcome }
        : { status: 500, code: "INTERNAL_ERROR" }
  })

/** Asked for every few seconds by machines. */
const probes = /^(?:health|metrics)\./

const levelOf = (operation: string, { status }: Ended): LogLevel.LogLevel => {
  if (status >= 500) return LogLevel.Warning
  return status < 400 && probes.test(operation) ? LogLevel.Debug : LogLevel.Info
}

/** Where the level is off, a line costs nothing but this look. */
const line = ({ org, tokenId }: Facts, operation: string, ended: Ended, seconds: number) => {
  const level = levelOf(operation, ended)
  return FiberRef.getWith(FiberRef.currentMinimumLogLevel, (minimum) =>
    LogLevel.greaterThan(minimum, level)
      ? Effect.void
      : Effect.annotateLogs(
        Effect.logWithLevel(level, ended.code === interrupted.outcome ? "The caller hung up" : "Answered"),
        { org, token: tokenId, operation, ...ended, durationMs: Math.round(seconds * 1e6) / 1000 }
      ))
}

/**
 * Counts every request and how long it took, and logs a line about it: also if it was refused before anything was done
 * for it, or if its caller hung up. Applied around everything but the request id.
 */
export const observing = <R>(app: HttpApp.Default<never, R>): HttpApp.Default<never, R> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }) =>
    Effect.clockWith((clock) => {
      const startedAt = clock.unsafeCurrentTimeNanos()
      return Effect.onExit(app, (exit) =>
        Effect.flatMap(facts, (known) => {
          const operation = known.operation ?? requestedOperation(method, url)?.name ?? "none"
          const ended = endedWith(known)(exit)
          const seconds = Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1e9
          requests(operation, String(ended.status), ended.code).unsafeUpdate(1, [])
          requestSeconds(operation).unsafeUpdate(seconds, [])
          return line(known, operation, ended, seconds)
        }))
    }))
