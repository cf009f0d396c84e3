import { HttpApiBuilder, type HttpApp, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Context, Effect } from "effect"
import { randomUUID } from "node:crypto"
import { ProvenOrg } from "../services/ProvenOrg.ts"
import { type Facts, RequestFacts } from "./RequestFacts.ts"

const sane = /^[A-Za-z0-9._-]{1,128}$/

/**
 * Every answer carries `x-request-id`: the caller's own, if it is sane. Every log line of the request has it too, and
 * every request has facts of its own.
 */
export const requestId = HttpApiBuilder.middleware((app: HttpApp.Default) =>
  Effect.gen(function*() {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const sent = headers["x-request-id"]
    const id = sent !== undefined && sane.test(sent) ? sent : randomUUID()
    const facts: Facts = { org: null, tokenId: null, operation: null, code: null }
    return yield* app.pipe(
      Effect.map(HttpServerResponse.setHeader("x-request-id", id)),
      Effect.annotateLogs({ requestId: id }),
      Effect.provide(Context.make(RequestFacts, facts).pipe(Context.add(ProvenOrg, (org) => void (facts.org = org))))
    )
  })
)
