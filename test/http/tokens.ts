import { HttpApi, type HttpApiMiddleware, OpenApi } from "@effect/platform"
import { Effect, Layer, Redacted, Tracer } from "effect"
import { connect } from "node:net"
import { Api } from "../../src/api/Api.ts"
import { OrgAccess } from "../../src/api/Org.ts"
import { TestApi, type TestTokenOptions } from "../../src/testing/TestApi.ts"
import { turns } from "../fakes/turns.ts"
import { at, Broken } from "./ask.ts"
import { Faked } from "./service.ts"

/** Every statement that was sent to the database. */
const statements: Array<string> = []

/** A span whose attributes tell of statements. */
const listening = Tracer.make({
  span: (name, parent, context, links, startTime, kind) => {
    const attributes = new Map<string, unknown>()
    return {
      _tag: "Span",
      name,
      spanId: "s",
      traceId: "t",
      parent,
      context,
      status: { _tag: "Started", startTime },
      attributes,
      links,
      sampled: true,
      kind,
      end: () => {},
      attribute: (key, value) => {
        attributes.set(key, value)
        if (key === "db.query.text") statements.push(String(value))
      },
      event: () => {},
      addLinks: () => {}
    }
  },
  context: (run) => run()
})

/** The service asking for tokens, its statements listened to. */
export const Guarded = Faked({ environment: { AUTH: "tokens" } }).pipe(Layer.provide(Layer.setTracer(listening)))

/** The statements of what runs meanwhile, but for those that look for a token. */
export const statementsDuring = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    // What the service does at its start is over.
    yield* turns(5)
    const before = statements.length
    const answer = yield* effect
    return { answer, statements: statements.slice(before).filter((text) => !/FROM tokens\b/i.test(text)) }
  })

/** `Authorization` of a new token, and its text. */
export const bearer = (orgId: string, options?: TestTokenOptions) =>
  Effect.gen(function*() {
    const token = Redacted.value(yield* Effect.flatMap(TestApi, (api) => api.token(orgId, options)))
    return { token, headers: { authorization: `Bearer ${token}` } }
  })

export interface Endpoint {
  /** `channelRoutes.create`. */
  readonly name: string
  readonly method: string
  /** Filled in. */
  readonly path: string
  /** The documented example. */
  readonly body: unknown
}

const ids: ReadonlyArray<readonly [prefix: string, id: string]> = [
  ["/api/integrations/pagerduty", "P1INC001"],
  ["/api/integrations", "linear"],
  ["/api/channel-routes", "route-001"],
  ["/api/deliveries", "dlv-019d1132-6cb9-7f31-8c55-0d4b8f6e7a21"],
  ["/api/agents", "agent-incident-xyz789"]
]

/** The endpoints of the API, with the documented example of a request to each. */
const endpointsWhere = (wanted: (middlewares: ReadonlySet<HttpApiMiddleware.TagClassAny>) => boolean) => {
  const document = OpenApi.fromApi(Api)
  const found: Array<Endpoint> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, middleware }) => {
      if (!wanted(middleware)) return
      const id = ids.find(([prefix]) => endpoint.path.startsWith(prefix))?.[1] ?? ""
      const documented = ["paths", endpoint.path.replaceAll(/:(\w+)/g, "{$1}"), endpoint.method.toLowerCase()]
      found.push({
        name: `${group.identifier}.${endpoint.name}`,
        method: endpoint.method,
        path: endpoint.path.replace(":id", id),
        body: at(document, ...documented, "requestBody", "content", "application/json", "example")
      })
    }
  })
  return found
}

const hasOrg = (middlewares: ReadonlySet<HttpApiMiddleware.TagClassAny>) =>
  [...middlewares].some(({ key }) => key === OrgAccess.key)

/** Those that act for an organisation. */
export const guarded = endpointsWhere(hasOrg)
/** Those that do not. */
export const open = endpointsWhere((middlewares) => !hasOrg(middlewares))

/** One exchange on a socket, byte for byte. Answers with the status, or 0 where the server closed without one. */
export const exchange = (url: string, bytes: string): Effect.Effect<{ status: number; text: string }, Broken> =>
  Effect.async((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => void socket.write(bytes))
    const chunks: Array<Uint8Array> = []
    socket.on("data", (chunk) => void chunks.push(chunk))
    socket.on("error", (cause) => resume(Effect.fail(new Broken({ cause }))))
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("latin1")
      resume(Effect.succeed({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }))
    })
    return Effect.sync(() => void socket.destroy())
  })
