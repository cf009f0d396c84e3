import { type HttpApp, HttpServerRequest, type HttpServerResponse } from "@effect/platform"
import { Cause, DateTime, Effect, Exit, HashMap, Option, Schema } from "effect"
import { isAudited } from "../api/Audited.ts"
import { AuditEntry, AuditTargetId, interrupted } from "../domain/AuditEntry.ts"
import { Audit } from "../services/Audit.ts"
import { AuditNotes, type Notes } from "../services/AuditNotes.ts"
import { type Operation, operationsByName } from "./operations.ts"
import { type Facts, facts } from "./RequestFacts.ts"

interface Ended {
  readonly outcome: string
  readonly status: number
  /** The id of what there is now, also where an answer is given again. */
  readonly made: string | undefined
}

/** What of an answer tells how it went, and what it was made for. */
const Answer = Schema.Struct({
  code: Schema.optional(Schema.String),
  id: Schema.optional(Schema.String),
  integration: Schema.optional(Schema.String)
})

export const parsedAnswer = ({ body }: HttpServerResponse.HttpServerResponse) =>
  body._tag === "Uint8Array"
    ? Schema.decodeOption(Schema.parseJson(Answer))(new TextDecoder().decode(body.body))
    : Option.none()

/** Failures have been answered by now: what they were stands in the answer, and so does the id of what was created. */
const endedWith = (response: HttpServerResponse.HttpServerResponse): Ended => {
  const { status } = response
  const { code, id, integration } = Option.getOrElse(parsedAnswer(response), (): typeof Answer.Type => ({}))
  return status < 400
    ? { outcome: "ok", status, made: id ?? integration }
    : { outcome: code ?? "INTERNAL_ERROR", status, made: undefined }
}

/** Without an answer: the caller hung up. */
const endedBy = (cause: Cause.Cause<never>): Ended => ({
  ...(Cause.isInterruptedOnly(cause) ? interrupted : { outcome: "INTERNAL_ERROR", status: 500 }),
  made: undefined
})

const decoded = Option.liftThrowable(decodeURIComponent)
const targetId = Schema.decodeUnknownOption(AuditTargetId)

/** What stands in the path where the endpoint has `:id`, if it can be an id at all. */
const inPath = ({ path }: Operation, url: string): Option.Option<string> =>
  Option.fromNullable(url.split("?", 1)[0]?.split("/")[path.split("/").indexOf(":id")]).pipe(Option.flatMap(decoded))

const targetOf = (operation: Operation, url: string, notes: Notes, made: string | undefined): string | null =>
  inPath(operation, url).pipe(
    Option.orElse(() => Option.fromNullable(notes.target ?? made)),
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

/** What an entry could not be made of, for a log line. */
const shown = ({ org, tokenId }: Facts, action: string, { outcome, status }: Ended) => ({
  action,
  org,
  token: tokenId,
  outcome,
  status
})

const record = (audit: Audit, url: string, notes: Notes, operation: Operation, known: Facts, ended: Ended) =>
  Effect.gen(function*() {
    const { name: action } = operation
    const { org: orgId, tokenId } = known
    if (orgId === null || !isProven(notes, ended) || isShed(ended)) {
      return yield* Effect.annotateLogs(
        Effect.logInfo(
          "Refused, and not written to the audit log: for whom it spoke is not proven, or it came too often"
        ),
        shown(known, action, ended)
      )
    }
    const { made, outcome, status } = ended
    const at = yield* DateTime.now
    const requestId = yield* requestIdOf
    const target = targetOf(operation, url, notes, made)
    yield* audit.record(new AuditEntry({ orgId, at, tokenId, action, target, outcome, status, requestId }))
  }).pipe(
    // What was done stays done: its answer is the same whatever goes wrong with the entry.
    Effect.catchAllCause((cause) =>
      Effect.annotateLogs(
        Effect.logError("The audit log lacks an action: there could be no entry of it", cause),
        shown(known, operation.name, ended)
      )
    )
  )

/** Answers are looked into only where there is an entry to be made: they may be long. */
const recorded = (audit: Audit, url: string, notes: Notes, ended: () => Ended) =>
  Effect.flatMap(facts, (known) => {
    const operation = operationsByName.get(known.operation ?? "")
    return operation === undefined || !isAudited(operation)
      ? Effect.void
      : Effect.suspend(() => record(audit, url, notes, operation, known, ended()))
  })

/**
 * Writes what was asked for and how it ended into the org's audit log, before the answer goes out. Applied around
 * `documentedFailures`. A caller who hangs up ends what may be ended, but not the entry about it.
 */
export const auditing = Effect.map(
  Audit,
  (audit) => (app: HttpApp.Default) =>
    Effect.flatMap(Effect.all([HttpServerRequest.HttpServerRequest, AuditNotes]), ([{ method, url }, notes]) => {
      if (method === "GET" || method === "HEAD") {
        return Effect.tap(app, (response) => recorded(audit, url, notes, () => endedWith(response)))
      }
      // The router lets handlers be interrupted that may be.
      return Effect.uninterruptible(Effect.flatMap(Effect.exit(app), (exit) =>
        Effect.zipRight(
          recorded(audit, url, notes, () => Exit.match(exit, { onFailure: endedBy, onSuccess: endedWith })),
          exit
        )))
    })
)
