import { Data, Effect, Predicate } from "effect"
import { type IncomingHttpHeaders, request } from "node:http"

/** The exchange broke before a whole answer had arrived. */
export class Broken extends Data.TaggedError("Broken")<{ readonly cause: unknown }> {}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON, `undefined` where it is none. */
  readonly json: unknown
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string | ReadonlyArray<string>>>
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown
  /** Without a length: in chunks, as a sender does that does not know it. */
  readonly chunked?: boolean
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const bytesOf = (body: unknown): Uint8Array | undefined =>
  body === undefined || body instanceof Uint8Array
    ? body
    : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))

/** The headers as lines: an array is a header that is sent several times. */
const lines = (headers: NonNullable<Sent["headers"]>): Array<string> =>
  Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).flatMap((one) => [name, one])
  )

/** One HTTP exchange on a connection of its own. The path goes out as it is: `fetch` would tidy it up. */
export const makeAsk =
  (url: string) => (method: string, path: string, sent: Sent = {}): Effect.Effect<Answer, Broken> =>
    Effect.async((resume, signal) => {
      const { hostname, host, port } = new URL(url)
      const body = bytesOf(sent.body)
      const { chunked = false, headers = {} } = sent
      const typed = body === undefined || Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
      const broken = (cause: unknown) => resume(Effect.fail(new Broken({ cause })))
      const outgoing = request({
        hostname,
        port,
        method,
        path,
        agent: false,
        signal,
        headers: [
          "host",
          host,
          ...(typed ? [] : ["content-type", "application/json"]),
          ...(body === undefined
            ? []
            : chunked
            ? ["transfer-encoding", "chunked"]
            : ["content-length", `${body.length}`]),
          ...lines(headers)
        ]
      }, (incoming) => {
        const chunks: Array<Uint8Array> = []
        incoming.on("data", (chunk: Uint8Array) => void chunks.push(chunk))
        incoming.on("error", broken)
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8")
          const { headers, statusCode = 0 } = incoming
          resume(Effect.succeed({ status: statusCode, headers, text, json: parsed(text) }))
        })
      })
      outgoing.on("error", broken)
      outgoing.end(body)
    })

export type Ask = ReturnType<typeof makeAsk>

/** What stands at a place of a JSON value, `undefined` where there is nothing. */
export const at = (json: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>((value, key) => Predicate.hasProperty(value, key) ? value[key] : undefined, json)

/** The documented error body, as `assert.deepStrictEqual` wants it. */
export const failure = (status: number, code: string, error: string, details?: string) => ({
  error,
  code,
  status,
  ...(details !== undefined && { details })
})

export const notValid = (details: string) => failure(400, "VALIDATION_ERROR", "The request is not valid", details)
