import { Context, Effect, Layer, Ref } from "effect"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { SyncLog } from "../../src/services/SyncLog.ts"
import { EphemeralVault, Memory } from "../fakes/Storage.ts"

type Method = "find" | "put" | "setRefused" | "recordSyncs"

/** What a test does before a query goes to the database, or after it came back. */
export class Spy extends Context.Tag("test/Spy")<Spy, {
  /** The names of all queries so far, in order. */
  readonly queries: Effect.Effect<ReadonlyArray<Method>>
  /** Runs before every later query of this name. */
  readonly before: (method: Method, run: Effect.Effect<void>) => Effect.Effect<void>
  /** Runs after every later query of this name, before its answer is seen. */
  readonly after: (method: Method, run: Effect.Effect<void>) => Effect.Effect<void>
}>() {}

type Hooks = Readonly<Partial<Record<Method, Effect.Effect<void>>>>

/** The repo in memory, with somebody listening. */
const Spied = Layer.effectContext(
  Effect.gen(function*() {
    const repo = yield* IntegrationsRepo
    const queries = yield* Ref.make<ReadonlyArray<Method>>([])
    const before = yield* Ref.make<Hooks>({})
    const after = yield* Ref.make<Hooks>({})

    const hook = (hooks: Ref.Ref<Hooks>, method: Method) =>
      Effect.flatMap(Ref.get(hooks), (all) => all[method] ?? Effect.void)
    const heard = <A>(method: Method, query: Effect.Effect<A>): Effect.Effect<A> =>
      Ref.update(queries, (all) => [...all, method]).pipe(
        Effect.zipRight(hook(before, method)),
        Effect.zipRight(query),
        Effect.tap(hook(after, method))
      )

    const spied = IntegrationsRepo.make({
      ...repo,
      find: (orgId, integration) => heard("find", repo.find(orgId, integration)),
      put: (row) => heard("put", repo.put(row)),
      setRefused: (row, refusedAt) => heard("setRefused", repo.setRefused(row, refusedAt)),
      recordSyncs: (syncs) => heard("recordSyncs", repo.recordSyncs(syncs))
    })
    const set = (hooks: Ref.Ref<Hooks>) => (method: Method, run: Effect.Effect<void>) =>
      Ref.update(hooks, (all) => ({ ...all, [method]: run }))
    return Context.make(IntegrationsRepo, spied).pipe(
      Context.add(Spy, { queries: Ref.get(queries), before: set(before), after: set(after) })
    )
  })
)

/** The services under test over a database in memory, with the spy between. */
export const Spying = Integrations.Default.pipe(
  Layer.provideMerge(SyncLog.Default),
  Layer.provideMerge(EphemeralVault),
  Layer.provideMerge(Spied),
  Layer.provide(Memory)
)

export const queriesOf = (method: Method) =>
  Effect.flatMap(Spy, ({ queries }) => Effect.map(queries, (all) => all.filter((name) => name === method).length))
