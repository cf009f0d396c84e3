import { HttpApiBuilder, type HttpApp, HttpServerRequest, type HttpServerResponse } from "@effect/platform"
import { Cause, DateTime, Effect, Exit, HashMap, Option, Schema } from "effect"
import { isAudited } from "../api/Audited.ts"
import { AuditEntry, AuditTargetId, interrupted } from "../domain/AuditEntry.ts"
import { Audit } from "../services/Audit.ts"
import { AuditNotes, type Notes } from "../services/AuditNotes.ts"
import { type Operation, operationsByName } from "./operations.ts"
import { facts } from "./RequestFacts.ts"

interface Ended {
  readonly outcome: string
  readonly status: number
}

const Failed = Schema.parseJson(Schema.Struct({ code: Schema.String }))

/** Failures have been answered by now: what they were stands in the answer. */
const endedWith = ({ body, status }: HttpServerResponse.HttpServerResponse): Ended => {
  if (status < 400) return { outcome: "ok", status }
  const failed = body._tag === "Uint8Array"
    ? Schema.decodeOption(Failed)(new TextDecoder().decode(body.body))
    : Option.none()
  return { outcome: Option.getOrElse(Option.map(failed, ({ code }) => code), () => "INTERNAL_ERROR"), status }
}

/** Without an answer: the caller hung up. */
const endedBy = (cause: Cause.Cause<never>): Ended =>
  Cause.isInterruptedOnly(cause) ? interrupted : { outcome: "INTERNAL_ERROR", status: 500 }

const decoded = Option.liftThrowable(decodeURIComponent)
const targetId = Schema.decodeUnknownOption(AuditTargetId)

/** What stands in the path where the endpoint has `:id`, if it can be an id at all. */
const inPath = ({ path }: Operation, url: string): Option.Option<string> =>
  Option.fromNullable(url.split("?", 1)[0]?.split("/")[path.split("/").indexOf(":id")]).pipe(Option.flatMap(decoded))

const targetOf = (operation: Operation, url: string, target: string | null): string | null =>
  Option.fromNullable(target).pipe(
    Option.orElse(() => inPath(operation, url)),
    Option.flatMap(targetId),
    Option.getOrNull
  )

/** Otherwise the org is what somebody made up, whose log anybody could fill. */
const isProven = ({ foreign }: Notes, { outcome }: Ended): boolean => !foreign && outcome !== "UNAUTHORIZED"

/** Refused to spare the database, which an entry would not. */
const isShed = ({ outcome }: Ended): boolean => outcome === "RATE_LIMITED"

const requestIdOf = Effect.map(
  Effect.logAnnotations,
  (annotations) => Option.getOrElse(Option.map(HashMap.get(annotations, "requestId"), String), () => "unknown")
)

const recorded = (audit: Audit, url: string, notes: Notes, ended: Ended) =>
  Effect.gen(function*() {
    const known = yield* facts
    const operation = operationsByName.get(known.operation ?? "")
    if (operation === undefined || !isAudited(operation)) return
    const { name: action } = operation
    const { org: orgId, tokenId } = known
    if (orgId === null || !isProven(notes, ended) || isShed(ended)) {
      return yield* Effect.annotateLogs(
        Effect.logInfo(
          "Refused, and not written to the audit log: for whom it spoke is not proven, or it came too often"
        ),
        { action, org: orgId, token: tokenId, ...ended }
      )
    }
    const at = yield* DateTime.now
    const requestId = yield* requestIdOf
    yield* audit.record(
      new AuditEntry({
        orgId,
        at,
        tokenId,
        action,
        target: targetOf(operation, url, notes.target),
        requestId,
        ...ended
      })
    )
  }).pipe(
    // What was done stays done: its answer is the same whatever goes wrong with the entry.
    Effect.catchAllCause((cause) =>
      Effect.flatMap(
        facts,
        (known) =>
          Effect.annotateLogs(Effect.logError("The audit log lacks an action: there could be no entry of it", cause), {
            ...known,
            ...ended
          })
      )
    )
  )

/**
 * Writes what was asked for and how it ended into the org's audit log, before the answer goes out. Applied around
 * `documentedFailures`. A caller who hangs up ends what may be ended, but not the entry about it.
 */
export const auditing = HttpApiBuilder.middleware(
  Effect.map(Audit, (audit) => (app: HttpApp.Default) =>
    Effect.gen(function*() {
      const { method, url } = yield* HttpServerRequest.HttpServerRequest
      const notes: Notes = { target: null, foreign: false }
      const handled = Effect.provideService(app, AuditNotes, notes)
      if (method === "GET" || method === "HEAD") {
        return yield* Effect.tap(handled, (response) => recorded(audit, url, notes, endedWith(response)))
      }
      // The router lets handlers be interrupted that may be.
      return yield* Effect.uninterruptible(Effect.gen(function*() {
        const exit = yield* Effect.exit(handled)
        yield* recorded(audit, url, notes, Exit.match(exit, { onFailure: endedBy, onSuccess: endedWith }))
        return yield* exit
      }))
    }))
)
