import { Clock, Effect, FastCheck } from "effect"
import { answersIn, exchange, isWhole } from "../http/raw.ts"
import type { Operation } from "./document.ts"
import { judge } from "./judge.ts"
import { type Fuzzed, requests, type Surroundings } from "./requests.ts"

const latin1 = (text: string) => Buffer.from(text, "latin1")

const chunksOf = (body: Uint8Array): ReadonlyArray<Uint8Array> => {
  const half = Math.ceil(body.length / 2)
  return [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0)
    .flatMap((chunk) => [latin1(`${chunk.length.toString(16)}\r\n`), chunk, latin1("\r\n")])
}

/** The request as it goes over the wire. */
const bytesOf = ({ body, headers, method, target, wire }: Fuzzed): Uint8Array => {
  if (wire === "noise") {
    return Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x02]), latin1(target), latin1("\r\n\r\n")])
  }
  const version = wire === "http10" ? "HTTP/1.0" : "HTTP/1.1"
  const length = body?.length ?? 0
  const framing = wire === "chunked" || wire === "badChunk"
    ? ["transfer-encoding: chunked"]
    : wire === "twoLengths"
    ? [`content-length: ${length}`, `content-length: ${length + 1}`]
    : wire === "smuggled"
    ? [`content-length: ${length}`, "transfer-encoding: chunked", "x-a: b\rx-injected: 1"]
    : body === undefined && wire !== "truncated"
    ? []
    : [`content-length: ${wire === "truncated" ? length + 10 : length}`]
  const lines = [
    `${method} ${target} ${version}`,
    "host: 127.0.0.1",
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...framing,
    "connection: close"
  ]
  const head = latin1(`${lines.join(wire === "bareLf" ? "\n" : "\r\n")}${wire === "bareLf" ? "\n\n" : "\r\n\r\n"}`)
  const content = body ?? new Uint8Array()
  switch (wire) {
    case "chunked":
      return Buffer.concat([head, ...chunksOf(content), latin1("0\r\n\r\n")])
    case "badChunk":
      return Buffer.concat([head, latin1("zz\r\n"), content])
    default:
      return Buffer.concat([head, content])
  }
}

export interface Report {
  readonly seed: number
  readonly made: number
  /** How often each status was seen; `none` where the connection ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>
  readonly worst: { readonly ms: number; readonly request: string }
  /** What was wrong, the first few of it. */
  readonly complaints: ReadonlyArray<string>
}

/** A request that is cut short, or is none, may be left without an answer. */
const mayStayUnanswered = ({ wire }: Fuzzed): boolean => wire === "truncated" || wire === "noise"

const shown = ({ body, headers, method, target, wire }: Fuzzed): string =>
  `${wire} ${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 600)} ` +
  JSON.stringify(Buffer.from(body ?? []).toString("utf8").slice(0, 600))

/** Makes requests in batches, whose values the seed decides, and judges each answer by the document. */
export const attack = (options: {
  readonly url: string
  readonly around: Surroundings
  readonly operations: ReadonlyArray<Operation>
  readonly count: number
  readonly seed: number
  readonly concurrency?: number
}) =>
  Effect.gen(function*() {
    const { around, concurrency = 16, count, operations, seed, url } = options
    const all = requests(around, operations)
    const verdict = judge(around.document, operations)
    const statuses: Record<string, number> = {}
    const complaints: Array<string> = []
    let worst = { ms: 0, request: "" }
    const complain = (fuzzed: Fuzzed, what: string) => {
      if (complaints.length < 20) complaints.push(`${what}\n  ${shown(fuzzed)}`)
    }

    const one = (fuzzed: Fuzzed) =>
      Effect.gen(function*() {
        const startedAt = yield* Clock.currentTimeMillis
        const received = yield* exchange(url, bytesOf(fuzzed), {
          patienceMs: mayStayUnanswered(fuzzed) ? 200 : 15_000,
          until: (received) => isWhole(received, fuzzed.method === "HEAD")
        })
        const ms = (yield* Clock.currentTimeMillis) - startedAt
        const [answer] = answersIn(received)
        const seen = answer === undefined ? "none" : String(answer.status)
        statuses[seen] = (statuses[seen] ?? 0) + 1
        if (ms > worst.ms && !mayStayUnanswered(fuzzed)) {
          worst = { ms, request: `${fuzzed.method} ${fuzzed.target.slice(0, 120)}` }
        }
        if (answer === undefined) {
          return mayStayUnanswered(fuzzed) ? undefined : complain(fuzzed, "no answer")
        }
        const what = verdict(fuzzed, answer)
        if (what !== undefined) complain(fuzzed, `${what}: ${answer.text.slice(0, 600)}`)
      })

    const batch = 250
    for (let from = 0; from < count; from += batch) {
      const size = Math.min(batch, count - from)
      yield* Effect.forEach(FastCheck.sample(all, { numRuns: size, seed: seed + from }), one, {
        concurrency,
        discard: true
      })
    }
    return { seed, made: count, statuses, worst, complaints } satisfies Report
  })
