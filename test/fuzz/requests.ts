import { FastCheck } from "effect"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import type { Operation, Parameter } from "./document.ts"
import { mutated, oddStrings, oddValue, valueOf } from "./values.ts"

/** A request as lines and bytes, so that nothing on our side tidies it up. */
export interface Fuzzed {
  readonly operation: Operation
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array | undefined
  /** How the bytes are put on the wire. All but the first two are no HTTP, or end too early. */
  readonly wire:
    | "length"
    | "chunked"
    | "truncated"
    | "badChunk"
    | "twoLengths"
    | "smuggled"
    | "bareLf"
    | "http10"
    | "noise"
}

/** What is there to be found: organisations, and ids of theirs. */
export interface Surroundings {
  readonly document: unknown
  readonly orgs: ReadonlyArray<string>
  readonly ids: ReadonlyArray<string>
  readonly webhookSecrets: Readonly<Record<"pagerduty" | "linear" | "sentry", string>>
  /** What every caller sends, as a token. */
  readonly entitlement: ReadonlyArray<readonly [string, string]>
}

type Header = readonly [name: string, value: string]

const text = (value: string) => new TextEncoder().encode(value)

/** As a header can carry it: Latin-1. */
const latin1 = (value: string) => value.replaceAll(/[^\x20-\x7e\x80-\xff]/gu, "?")

const encoded = (value: string): string => {
  try {
    return encodeURIComponent(value)
  } catch {
    return "%ED%A0%80"
  }
}

const nests = (open: string, close: string, levels = 10_000) => `${open.repeat(levels)}1${close.repeat(levels)}`

/** Bodies that are no value of a schema at all. */
const oddBodies: ReadonlyArray<Uint8Array> = [
  ...[
    "",
    " ",
    "{",
    "null",
    "[]",
    "1e400",
    "\"\\ud800\"",
    "{\"a\":1,}",
    "\ufeff{}",
    "{}{}",
    nests("[", "]"),
    nests("{\"a\":", "}"),
    "[".repeat(100_000),
    `{"title":${nests("[", "]")},"type":"deploy.done"}`,
    `{"type":"deploy.done","title":"\\ud800","body":"\\u0000","dedupKey":"\\udfff"}`,
    `{"type":"deploy.done","title":"a","title":"b","__proto__":{"admin":true}}`,
    `{"type":"deploy.done","title":${"9".repeat(1000)}}`,
    `{"type":"deploy.done","title":"t","body":"${"x".repeat(66_000)}"}`
  ].map(text),
  new Uint8Array([0xff, 0xfe, 0x7b, 0x00]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  new Uint8Array([0x1f, 0x8b, 0x08, 0x00]),
  new Uint8Array(1024 * 1024 + 1).fill(0x20)
]

const bodyOf = (
  { document }: Surroundings,
  { body, example }: Operation
): FastCheck.Arbitrary<Uint8Array | undefined> => {
  if (body === undefined) {
    return FastCheck.oneof(
      { weight: 20, arbitrary: FastCheck.constant(undefined) },
      { weight: 1, arbitrary: FastCheck.constantFrom(...oddBodies) }
    )
  }
  const good = example === undefined
    ? valueOf(document, body)
    : FastCheck.oneof(FastCheck.constant(example), valueOf(document, body))
  const bad = FastCheck.tuple(good, FastCheck.array(FastCheck.nat(50), { maxLength: 4 }), oddValue)
    .map(([value, where, odd]) => mutated(value, where, odd))
  const written = (value: unknown) => text(JSON.stringify(value) ?? "")
  const twice = (bytes: Uint8Array) => text(new TextDecoder().decode(bytes).replace(/^\{("[^"]*"):/, "{$1:0,$1:"))
  return FastCheck.oneof(
    { weight: 30, arbitrary: good.map(written) },
    { weight: 30, arbitrary: bad.map(written) },
    { weight: 3, arbitrary: good.map(written).map(twice) },
    { weight: 2, arbitrary: oddValue.map(written) },
    { weight: 4, arbitrary: FastCheck.constantFrom(...oddBodies) }
  )
}

/** How long a request may wait is bounded, so that most of the time is not spent waiting. */
const waits = ["0", "1", "31", "-1", "x"]

const parameterValue = ({ document, ids }: Surroundings, { in: place, name, schema }: Parameter) =>
  FastCheck.oneof(
    {
      weight: 6,
      arbitrary: name === "wait"
        ? FastCheck.constantFrom(...waits)
        : valueOf(document, schema).map((value) => String(value))
    },
    { weight: place === "path" ? 6 : 1, arbitrary: FastCheck.constantFrom(...ids) },
    { weight: 3, arbitrary: FastCheck.constantFrom(...oddStrings).map((odd) => name === "wait" ? "x" : odd) }
  )

/** Other ways of writing a path, most of which are none that we serve. */
const respelled: ReadonlyArray<(path: string) => string> = [
  (path) => path.replace("/api", "/%61pi"),
  (path) => path.replace("/", "//"),
  (path) => `${path}/`,
  (path) => path.toUpperCase(),
  (path) => `${path}%`,
  (path) => `${path}%zz`,
  (path) => `${path}%00`,
  (path) => `/..${path}`,
  (path) => `http://evil.test${path}`,
  (path) => `${path}#x`,
  (path) => path.slice(1),
  (path) => `${path}/${"x".repeat(9000)}`,
  () => "*",
  () => "/"
]

const targetOf = (around: Surroundings, { parameters, path }: Operation): FastCheck.Arbitrary<string> => {
  const inPath = parameters.filter((one) => one.in === "path")
  const inQuery = parameters.filter((one) => one.in === "query")
  const filled = FastCheck.tuple(...inPath.map((one) => parameterValue(around, one))).map((values) =>
    inPath.reduce((so, { name }, index) => so.replace(`{${name}}`, () => encoded(values[index] ?? "")), path)
  )
  const one = FastCheck.oneof(
    ...inQuery.map((parameter) =>
      parameterValue(around, parameter).map((value) => `${parameter.name}=${encoded(value)}`)
    ),
    FastCheck.constantFrom("unknown=1", "limit=%", "=", "&&", "a".repeat(8000), "limit=1&limit=2", "x[y]=1", "%ff=%fe")
  )
  const query = FastCheck.array(one, { maxLength: 3 }).map((parts) => parts.length === 0 ? "" : `?${parts.join("&")}`)
  const spelling = FastCheck.oneof(
    { weight: 20, arbitrary: FastCheck.constant((path: string) => path) },
    { weight: 1, arbitrary: FastCheck.constantFrom(...respelled) }
  )
  return FastCheck.tuple(filled, query, spelling).map(([path, query, respell]) => `${respell(path)}${query}`)
}

const orgHeader = ({ orgs }: Surroundings): FastCheck.Arbitrary<ReadonlyArray<Header>> =>
  FastCheck.oneof(
    { weight: 20, arbitrary: FastCheck.constantFrom(...orgs).map((org): ReadonlyArray<Header> => [["x-org-id", org]]) },
    { weight: 3, arbitrary: FastCheck.uuid().map((id): ReadonlyArray<Header> => [["x-org-id", `org-${id}`]]) },
    {
      weight: 2,
      arbitrary: FastCheck.constantFrom(...oddStrings).map((odd): ReadonlyArray<Header> => [["x-org-id", latin1(odd)]])
    },
    {
      weight: 1,
      arbitrary: FastCheck.constantFrom<Array<ReadonlyArray<Header>>>(
        [],
        [["x-org-id", orgs[0] ?? ""], ["x-org-id", orgs[1] ?? ""]],
        [["X-ORG-ID", orgs[0] ?? ""]],
        [["x-org-id", "\u00f6rg"]]
      )
    }
  )

const oddHeader: FastCheck.Arbitrary<Header> = FastCheck.oneof(
  FastCheck.constantFrom<Array<Header>>(
    ["content-encoding", "gzip"],
    ["expect", "100-continue"],
    ["expect", "miracles"],
    ["upgrade", "websocket"],
    ["connection", "upgrade"],
    ["connection", "close"],
    ["accept", "text/html"],
    ["accept-encoding", "br;q=2"],
    ["range", "bytes=0-1"],
    ["if-none-match", "*"],
    ["te", "trailers"],
    ["traceparent", "00-zz"],
    ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["b3", "1"],
    ["x-forwarded-for", "127.0.0.1, evil"],
    ["x-http-method-override", "DELETE"],
    ["authorization", "Bearer "],
    ["authorization", "Basic Og=="],
    ["cookie", "a=b; a=c"],
    ["origin", "https://evil.test"],
    ["x-request-id", "sane-id_1.2"],
    ["x-padding", "x".repeat(7000)]
  ),
  FastCheck.tuple(
    FastCheck.constantFrom("x-request-id", "idempotency-key", "user-agent", "x-odd", "sentry-hook-resource", "accept"),
    FastCheck.constantFrom(...oddStrings).map(latin1)
  ),
  FastCheck.constantFrom<Array<Header>>(["idempotency-key", "the-same"], ["sentry-hook-resource", "issue"])
)

const contentType: FastCheck.Arbitrary<ReadonlyArray<Header>> = FastCheck.oneof(
  { weight: 20, arbitrary: FastCheck.constant<ReadonlyArray<Header>>([["content-type", "application/json"]]) },
  {
    weight: 2,
    arbitrary: FastCheck.constantFrom<Array<ReadonlyArray<Header>>>(
      [],
      [["content-type", "application/json; charset=utf-16"]],
      [["content-type", "APPLICATION/JSON"]],
      [["content-type", "text/plain"]],
      [["content-type", "multipart/form-data; boundary=x"]],
      [["content-type", "application/x-www-form-urlencoded"]],
      [["content-type", ""]],
      [["content-type", "application/json"], ["content-type", "text/plain"]],
      [["content-type", "a".repeat(5000)]]
    )
  }
)

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "get", "X"]
const wires = ["truncated", "badChunk", "twoLengths", "smuggled", "bareLf", "http10", "noise"] as const

const isSigned = (source: string | undefined): source is "pagerduty" | "linear" | "sentry" =>
  source === "pagerduty" || source === "linear" || source === "sentry"

/** The headers of whoever knows the secret, where the operation asks for a signature. */
const signed = ({ webhookSecrets }: Surroundings, { path }: Operation, body: Uint8Array): ReadonlyArray<Header> => {
  const source = /^\/api\/webhooks\/(\w+)$/.exec(path)?.[1]
  return isSigned(source) ? Object.entries(signatureHeaders[source](webhookSecrets[source], body)) : []
}

const requestOf = (around: Surroundings) => (operation: Operation): FastCheck.Arbitrary<Fuzzed> =>
  FastCheck.record({
    target: targetOf(around, operation),
    body: bodyOf(around, operation),
    org: orgHeader(around),
    type: contentType,
    more: FastCheck.array(oddHeader, { maxLength: 2 }),
    own: FastCheck.array(
      FastCheck.oneof(
        ...operation.parameters.filter((one) => one.in === "header").map((parameter) =>
          parameterValue(around, parameter).map((value): Header => [parameter.name, latin1(value)])
        ),
        oddHeader
      ),
      { maxLength: 1 }
    ),
    sign: FastCheck.integer({ min: 0, max: 9 }).map((n) => n < 8),
    method: FastCheck.oneof(
      { weight: 25, arbitrary: FastCheck.constant(operation.method) },
      { weight: 1, arbitrary: FastCheck.constantFrom(...methods) }
    ),
    wire: FastCheck.oneof(
      { weight: 60, arbitrary: FastCheck.constant("length" as const) },
      { weight: 10, arbitrary: FastCheck.constant("chunked" as const) },
      { weight: 3, arbitrary: FastCheck.constantFrom(...wires) }
    )
  }).map(({ body, method, more, org, own, sign, target, type, wire }) => ({
    operation,
    method,
    target,
    wire,
    body,
    headers: [
      ...around.entitlement,
      ...org,
      ...(body === undefined ? [] : type),
      ...(sign ? signed(around, operation, body ?? new Uint8Array()) : []),
      ...own,
      ...more
    ]
  }))

/** Requests to every operation of the document, each alike often. */
export const requests = (around: Surroundings, operations: ReadonlyArray<Operation>): FastCheck.Arbitrary<Fuzzed> =>
  FastCheck.oneof(...operations.map(requestOf(around)))
