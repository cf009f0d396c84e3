import { Array, Context, Data, Effect, Layer } from "effect"
import { Resolver as NodeResolver } from "node:dns/promises"

/** The name has no address, or nobody could say. */
export class Unresolved extends Data.TaggedError("Unresolved")<{ readonly code: "ENOTFOUND" | "EAI_AGAIN" }> {}

/** A name's addresses. */
export class Resolver extends Context.Tag("upstream/Resolver")<
  Resolver,
  (name: string) => Effect.Effect<Array.NonEmptyReadonlyArray<string>, Unresolved>
>() {}

const hasNone = new Set(["ENOTFOUND", "ENODATA"])

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""

const unresolved = (causes: ReadonlyArray<unknown>) =>
  new Unresolved({ code: causes.every((cause) => hasNone.has(codeOf(cause))) ? "ENOTFOUND" : "EAI_AGAIN" })

/**
 * Asks name servers, and not the system's `getaddrinfo`: Node lets two of these run at a time, so that a tenant's name
 * whose server does not answer would keep all others, vendors' names included, from being looked up. It does not see
 * the hosts file. `servers` are the system's unless given.
 */
export const layer = (servers?: ReadonlyArray<string>) =>
  Layer.sync(Resolver, () => (name) =>
    Effect.gen(function*() {
      // One for each question, so that it can be cancelled.
      const dns = yield* Effect.acquireRelease(
        Effect.sync(() => new NodeResolver({ timeout: 2000, tries: 2 })),
        (dns) => Effect.sync(() => dns.cancel())
      )
      if (servers !== undefined) dns.setServers(servers)
      const [failures, found] = yield* Effect.partition(
        [() => dns.resolve4(name), () => dns.resolve6(name)],
        (ask) => Effect.tryPromise(ask),
        { concurrency: "unbounded" }
      )
      const addresses = found.flat()
      return Array.isNonEmptyArray(addresses) ? addresses : yield* unresolved(failures.map(({ error }) => error))
    }).pipe(Effect.scoped))
