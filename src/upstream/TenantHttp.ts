import type { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Agent, buildConnector } from "@effect/platform-node/Undici"
import { type Array, Cause, Context, Data, Effect, Exit, Layer, Runtime } from "effect"
import { isIP, isIPv6, type LookupFunction } from "node:net"
import { type Exception, judge, outboundAllow, permits, placeOf } from "./egress.ts"
import { Resolver, type Unresolved } from "./Resolver.ts"

/** A connection that is not made for where it would lead. What it says is for the log: it may name an inner address. */
export class OutboundRefused extends Data.TaggedError("OutboundRefused")<{
  readonly reason: "not-https" | "not-public"
  readonly hostname: string
  /** What the name resolved to, where that is the reason. */
  readonly addresses: ReadonlyArray<string>
}> {}

/** More than any API answers. Who is not a known vendor might send without end. */
const largestAnswer = 16 * 1024 * 1024

/** undici passes on what it is given as the cause of the request's failure. */
const errorOf = (cause: Cause.Cause<OutboundRefused | Unresolved>): Error => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error : new Error("The address could not be looked up", { cause: error })
}

type Connect = ReturnType<typeof buildConnector>
type Addresses = Array.NonEmptyReadonlyArray<string>

const entry = (address: string) => ({ address, family: isIPv6(address) ? 6 : 4 })

/** A look-up that knows the answer: what is connected to is what has been checked. */
const pinned = (addresses: Addresses): LookupFunction => (_hostname, { all }, callback) =>
  all === true
    ? callback(null, addresses.map(entry))
    : callback(null, addresses[0], entry(addresses[0]).family)

/** Connects to a URL's host: to the addresses given, or to what the system resolves it to. */
const connectTo = (addresses?: Addresses): Connect =>
  // Its cache of TLS sessions would be of no use: it ends with the connector, and connections are kept.
  buildConnector({ maxCachedSessions: 0, ...(addresses !== undefined && { lookup: pinned(addresses) }) })

/**
 * The addresses to connect to, all of them checked; none to connect without a check. A name with a public address and
 * an inner one is refused: no honest one has both.
 */
const destination = (allowed: ReadonlyArray<Exception>, resolve: Context.Tag.Service<Resolver>) =>
  Effect.fn("TenantHttp.destination")(function*(target: Pick<URL, "hostname" | "port" | "protocol">) {
    const place = placeOf(target)
    const { hostname, port } = place
    const verdict = judge(allowed, place)
    if (verdict === "open") return undefined
    if (verdict !== "resolve") return yield* new OutboundRefused({ reason: verdict, hostname, addresses: [] })
    const addresses = yield* resolve(hostname)
    return addresses.every((address) => isIP(address) !== 0 && permits(allowed, address, port))
      ? addresses
      : yield* new OutboundRefused({ reason: "not-public", hostname, addresses })
  })

/**
 * HTTP to URLs that tenants supply. Where they lead is checked when a connection is made, on the addresses that it is
 * made to, and so for every connection anew.
 */
export class TenantHttp extends Context.Tag("upstream/TenantHttp")<TenantHttp, HttpClient.HttpClient>() {
  static readonly layer = Layer.scoped(
    TenantHttp,
    Effect.gen(function*() {
      const find = destination(yield* outboundAllow, yield* Resolver)
      const run = Runtime.runCallback(yield* Effect.runtime<never>())
      const connect: Connect = (options, callback) => {
        run(find(options), {
          onExit: Exit.match({
            onFailure: (cause) => callback(errorOf(cause), null),
            onSuccess: (addresses) => connectTo(addresses)(options, callback)
          })
        })
      }
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Agent({ connect, maxResponseSize: largestAnswer })),
        (agent) => Effect.promise(() => agent.destroy())
      )
      return NodeHttpClient.makeUndici(agent)
    })
  )
}
