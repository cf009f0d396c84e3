import { Data, Effect, Schema } from "effect"

/** The exchange broke before a whole answer had arrived. */
export class Broken extends Data.TaggedError("Broken")<{ readonly cause: unknown }> {}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** One real HTTP exchange; an object body is sent as JSON. */
export const ask = (url: string, init: {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
} = {}): Effect.Effect<Answer, Broken> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, {
        method: init.method ?? (init.body === undefined ? "GET" : "POST"),
        headers: { ...(init.body === undefined ? {} : { "content-type": "application/json" }), ...init.headers },
        body: init.body === undefined ? null : typeof init.body === "string" ? init.body : JSON.stringify(init.body),
        redirect: "manual",
        signal
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
    catch: (cause) => new Broken({ cause })
  })

/** Reads an answer's JSON as `schema` says, dying where it does not fit: the stand-in would be at fault. */
export const read = <A, I>(schema: Schema.Schema<A, I>) => (answer: Answer): Effect.Effect<A> =>
  Effect.orDie(Schema.decodeUnknown(Schema.parseJson(schema))(answer.text))

/** An answer's JSON, for comparing whole. */
export const json = (answer: Answer): unknown => JSON.parse(answer.text)
