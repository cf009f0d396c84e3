import { type HttpApp, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Context, Effect, Option, Scope, Tracer } from "effect"
import { randomUUID } from "node:crypto"
import { AuditNotes } from "../services/AuditNotes.ts"
import { ProvenOrg } from "../services/ProvenOrg.ts"
import { type Facts, RequestFacts } from "./RequestFacts.ts"

const sane = /^[A-Za-z0-9._-]{1,128}$/

/**
 * What is known of one request. Nothing else of what the server is made of is in it: handlers bring their own, and
 * whatever is provided on the way to them copies all that is there.
 */
const aboutOne = (facts: Facts) => (context: Context.Context<HttpServerRequest.HttpServerRequest | Scope.Scope>) => {
  const one = Context.pick(HttpServerRequest.HttpServerRequest, Scope.Scope)(context).pipe(
    Context.add(RequestFacts, facts),
    Context.add(ProvenOrg, (org) => void (facts.org = org)),
    Context.add(AuditNotes, { target: null, foreign: false })
  )
  return Option.match(Context.getOption(context, Tracer.ParentSpan), {
    onNone: () => one,
    onSome: (span) => Context.add(one, Tracer.ParentSpan, span)
  })
}

/**
 * Every answer carries `x-request-id`: the caller's own, if it is sane. Every log line of the request has it too, and
 * every request has facts and notes of its own.
 */
export const requestId = <E>(
  app: HttpApp.Default<E, RequestFacts | AuditNotes>
): HttpApp.Default<E, Scope.Scope> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const sent = headers["x-request-id"]
    const id = sent !== undefined && sane.test(sent) ? sent : randomUUID()
    const facts: Facts = { org: null, tokenId: null, operation: null, code: null }
    return app.pipe(
      Effect.map(HttpServerResponse.setHeader("x-request-id", id)),
      Effect.annotateLogs({ requestId: id }),
      Effect.mapInputContext(aboutOne(facts))
    )
  })
