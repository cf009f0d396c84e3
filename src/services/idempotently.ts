import { type HttpApiBuilder, type HttpApiEndpoint, HttpApiSchema, HttpServerResponse } from "@effect/platform"
import { Cause, Chunk, Context, Effect, Exit, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import * as Errors from "../api/errors.ts"
import { IdempotencyKey, isIdempotent, OneTransaction, RepeatId } from "../api/Idempotency.ts"
import { CurrentOrg } from "../api/Org.ts"
import { IdempotentAnswers, Kept, type Keyed, Replayed } from "./IdempotentAnswers.ts"

type Endpoint = HttpApiEndpoint.HttpApiEndpoint.AnyWithProps

/** A request as handlers get it, as far as a repeat has to have it in common with the first. */
interface Decoded {
  readonly path?: unknown
  readonly urlParams?: unknown
  readonly payload?: unknown
}

/** Statuses of refusals that come before anything is done: the key is not taken by them. */
const before = new Set([400, 401, 403, 413, 415])

const encodeFailure = Schema.encodeUnknown(Schema.Union(...Object.values(Errors)))

const unknownSchema = ({ ast }: Schema.Schema.All) => Schema.make<unknown, unknown, never>(ast)

/** Methods and paths are few; `path` is what stands for their parameters, so each resource has keys of its own. */
const operationOf = ({ method, path }: Endpoint, decoded: Decoded): string =>
  decoded.path === undefined ? `${method} ${path}` : `${method} ${path} ${JSON.stringify(decoded.path)}`

/** As JSON, secrets included: only its hash is kept. */
const requestOf = ({ payloadSchema }: Endpoint, { payload, urlParams }: Decoded) =>
  Effect.map(
    Option.match(payloadSchema, {
      onNone: () => Effect.succeed<unknown>(null),
      onSome: (schema) => Effect.orDie(Schema.encodeUnknown(unknownSchema(schema))(payload))
    }),
    (body): unknown => [urlParams ?? null, body]
  )

const keptFailure = (cause: Cause.Cause<unknown>): Effect.Effect<Kept> =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => Effect.succeed(Kept.Key()),
    onSome: (failure) =>
      encodeFailure(failure).pipe(
        Effect.map((body) => {
          if (before.has(body.status)) return Kept.Nothing()
          return body.status === 429 || body.status >= 500
            ? Kept.Key()
            : Kept.Answer({ status: body.status, body: JSON.stringify(body) })
        }),
        Effect.orElseSucceed(() => Kept.Key())
      )
  })

const keptOf = ({ successSchema }: Endpoint) => (exit: Exit.Exit<unknown, unknown>): Effect.Effect<Kept> =>
  Exit.match(exit, {
    onFailure: keptFailure,
    onSuccess: (value) =>
      Schema.encodeUnknown(unknownSchema(successSchema))(value).pipe(
        Effect.map((body) =>
          Kept.Answer({ status: HttpApiSchema.getStatusSuccess(successSchema), body: JSON.stringify(body) })
        ),
        // Our own answer does not fit its schema: the caller is told so by INTERNAL_ERROR.
        Effect.orElseSucceed(() => Kept.Key())
      )
  })

const repeatId = (keyed: Keyed): string =>
  createHash("sha256")
    .update(JSON.stringify([keyed.orgId, keyed.operation, keyed.idempotencyKey, keyed.request]))
    .digest("hex")

const replay = ({ body, status }: Replayed) =>
  HttpServerResponse.text(body, {
    status,
    contentType: "application/json",
    headers: { "idempotency-replayed": "true" }
  })

/**
 * Has those handlers that stand behind `Idempotency` do what an `Idempotency-Key` stands for once, and answer each
 * repeat as the first was answered. It runs last, when the request is decoded and whatever could refuse it has not.
 */
export const idempotently = <E, Provides, R, Endpoints extends HttpApiEndpoint.HttpApiEndpoint.Any>(
  handlers: HttpApiBuilder.Handlers<E, Provides, R, Endpoints>
): Effect.Effect<HttpApiBuilder.Handlers<E, Provides, R, Endpoints>, never, IdempotentAnswers> =>
  Effect.map(IdempotentAnswers, ({ apart, inOneTransaction }) => {
    const once = (endpoint: Endpoint, decoded: Decoded, run: Effect.Effect<unknown, unknown, R>) =>
      Effect.gen(function*() {
        const key = Option.flatten(yield* Effect.serviceOption(IdempotencyKey))
        if (Option.isNone(key)) return yield* run
        const orgId = yield* Effect.flatMap(Effect.serviceOption(CurrentOrg), Effect.orDie)
        const keyed = {
          orgId,
          operation: operationOf(endpoint, decoded),
          idempotencyKey: key.value,
          request: yield* requestOf(endpoint, decoded)
        }
        const how = Context.get(endpoint.annotations, OneTransaction) ? inOneTransaction : apart
        const ended = yield* how(keyed, Effect.provideService(run, RepeatId, repeatId(keyed)), keptOf(endpoint))
        return ended instanceof Replayed ? replay(ended) : ended
      })
    const wrapped = Chunk.map(handlers.handlers, (item) => {
      const endpoint = handlers.group.endpoints[item.endpoint.name]
      return endpoint === undefined || !isIdempotent(endpoint)
        ? item
        : { ...item, handler: (decoded: Decoded) => once(endpoint, decoded, item.handler(decoded)) }
    })
    // The platform has no way to go over handlers; the copy differs from the original in these alone.
    return Object.assign(Object.create(Object.getPrototypeOf(handlers)), handlers, { handlers: wrapped })
  })
