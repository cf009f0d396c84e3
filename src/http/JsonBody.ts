import { HttpServerError, HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Data, Effect, Layer } from "effect"
import { JsonBody } from "../api/Org.ts"
import { PayloadTooLarge, UnsupportedMediaType } from "../domain/Errors.ts"
import { currentOperation } from "./operations.ts"
import { facts } from "./RequestFacts.ts"

/** 1 MiB. */
export const maxBodyBytes = 1024 * 1024

const json = /^application\/json\s*(;|$)/i

const tooLarge = new PayloadTooLarge({ limitBytes: maxBodyBytes })

/**
 * Reads a body that does not say its length. The platform's own limit destroys the socket, and the caller would get
 * a broken connection for an answer; this one keeps nothing of what is too much and leaves the socket to the answer.
 */
const readWithinLimit = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.async<Uint8Array, PayloadTooLarge | HttpServerError.RequestError>((resume) => {
    const source = NodeHttpServerRequest.toIncomingMessage(request)
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.length
      if (bytes <= maxBodyBytes) return void chunks.push(chunk)
      stop()
      resume(Effect.fail(tooLarge))
    }
    const onEnd = () => resume(Effect.succeed(Buffer.concat(chunks)))
    const onError = (cause: unknown) => {
      stop()
      resume(Effect.fail(new HttpServerError.RequestError({ request, reason: "Decode", cause })))
    }
    // What still comes is let through unread: a paused socket would neither answer nor end.
    const stop = () => source.off("data", onData).off("end", onEnd).off("error", onError).resume()
    source.on("data", onData).on("end", onEnd).on("error", onError)
  })

/** No operation takes more than a few levels; what formats decode errors would run out of stack somewhere beyond a thousand. */
const deepest = 100

/** Names of fields that turn an object into something that cannot be made a string, or get lost when it is copied. */
const reserved = ["__proto__", "toString", "valueOf"]

/** JSON that is well-formed, and not what a request may be made of. */
export class OddJson extends Data.TaggedError("OddJson")<{ readonly expected: string }> {}

const oddity = (value: unknown, room = deepest): string | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if (room === 0) return `expected JSON of at most ${deepest} levels`
  const name = reserved.find((name) => Object.hasOwn(value, name))
  if (name !== undefined) return `expected JSON without a field named ${name}`
  for (const inner of Object.values(value)) {
    const found = oddity(inner, room - 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** The same request, whose JSON is refused before it is decoded where decoding it would end in a defect. */
const withPlainJson = (request: HttpServerRequest.HttpServerRequest): HttpServerRequest.HttpServerRequest =>
  Object.create(request, {
    json: {
      value: Effect.tap(request.json, (value) => {
        const expected = oddity(value)
        return expected === undefined
          ? Effect.void
          : new HttpServerError.RequestError({ request, reason: "Decode", cause: new OddJson({ expected }) })
      })
    }
  })

/** The same request with its body at hand. */
const withBody = (
  request: HttpServerRequest.HttpServerRequest,
  body: Uint8Array
): HttpServerRequest.HttpServerRequest => {
  const text = new TextDecoder().decode(body)
  const parsed = Effect.try({
    try: (): unknown => text === "" ? null : JSON.parse(text),
    catch: (cause) => new HttpServerError.RequestError({ request, reason: "Decode", cause })
  })
  return Object.create(request, {
    text: { value: Effect.succeed(text) },
    json: { value: parsed },
    arrayBuffer: { value: Effect.succeed(body) }
  })
}

export const JsonBodyLive = Layer.succeed(
  JsonBody,
  Effect.gen(function*() {
    // Webhooks have no other middleware that could say it.
    const known = yield* facts
    known.operation = (yield* currentOperation).name
    const request = yield* HttpServerRequest.HttpServerRequest
    const { headers } = request
    if (Number(headers["content-length"] ?? 0) > maxBodyBytes) return yield* tooLarge
    const type = headers["content-type"]
    if (type !== undefined && !json.test(type.trim())) return yield* new UnsupportedMediaType()
    if (headers["transfer-encoding"] === undefined) return withPlainJson(request)
    return withPlainJson(
      withBody(request, yield* Effect.catchTag(readWithinLimit(request), "RequestError", Effect.die))
    )
  })
)
