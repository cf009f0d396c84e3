import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, Effect, Exit, Fiber, Layer, Logger, Option, Scope } from "effect"
import { Inbox } from "../../src/alerts/Inbox.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { advance } from "../fakes/turns.ts"
import { agent, arrive, arriveElsewhere, isWaiting, Live, page, reader, Tables, wait, waitedFor } from "./inboxes.ts"

/** Watches what the inbox asks of the database, and gets in between. */
class Spy extends Context.Tag("test/Spy")<Spy, {
  /** Whose pages were asked for. */
  readonly looks: Array<string>
  /** Happens between a page and its answer. */
  afterLook: Effect.Effect<void>
  /** Happens before each look for incidents of other processes. */
  grown: Effect.Effect<void>
  /** How often incidents of other processes were looked for. */
  asked: number
}>() {}

const SpiedRepo = Layer.effectContext(
  Effect.map(InboxRepo, (repo) => {
    const spy: typeof Spy.Service = { looks: [], afterLook: Effect.void, grown: Effect.void, asked: 0 }
    const spied = new InboxRepo({
      ...repo,
      page: (orgId, agentId, after, limit) =>
        Effect.tap(repo.page(orgId, agentId, after, limit), () => {
          spy.looks.push(agentId)
          return spy.afterLook
        }),
      grown: (agents) =>
        Effect.suspend(() => {
          spy.asked += 1
          return Effect.zipRight(spy.grown, repo.grown(agents))
        })
    })
    return Context.make(Spy, spy).pipe(Context.add(InboxRepo, spied))
  })
)
const Spied = Inbox.Default.pipe(Layer.provideMerge(SpiedRepo), Layer.provideMerge(Tables))

describe("who waits for an incident", () => {
  it.effect("is answered the moment it arrives", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const first = yield* reader("a", { wait })
      yield* advance("10 seconds")
      assert.isTrue(yield* isWaiting(first))
      yield* arrive("a", "e1")
      deepStrictEqual(yield* Fiber.join(first), [["e1"], "1"])
      const second = yield* reader("a", { after: "1", wait })
      yield* arrive("a", "e2")
      deepStrictEqual(yield* Fiber.join(second), [["e2"], "2"])
      // What is there is not waited for.
      deepStrictEqual(yield* page("a", { wait }), [["e1", "e2"], "2"])
    }).pipe(Effect.provide(Live)))

  it.effect("is answered when the time has passed, and not before", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* arrive("a", "e1")
      const waiting = yield* reader("a", { after: "1", wait })
      yield* advance("29999 millis")
      assert.isTrue(yield* isWaiting(waiting))
      yield* advance("1 millis")
      deepStrictEqual(yield* Fiber.join(waiting), [[], "1"])
    }).pipe(Effect.provide(Live)))

  it.effect("sees within a second what another process took in", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const waiting = yield* reader("a", { wait })
      yield* advance("7200 millis")
      yield* arriveElsewhere("a", "e1")
      assert.isTrue(yield* isWaiting(waiting))
      yield* advance("1 second")
      deepStrictEqual(yield* Fiber.join(waiting), [["e1"], "1"])
    }).pipe(Effect.provide(Live)))

  it.effect("misses nothing that arrives while it looks", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const spy = yield* Spy
      const arrival = Effect.provide(
        Effect.asVoid(arrive("a", "e1")),
        yield* Effect.context<Layer.Layer.Success<typeof Live>>()
      )
      spy.afterLook = Effect.suspend(() => {
        spy.afterLook = Effect.void
        return arrival
      })
      // The clock stands still: nothing but the announcement can end the wait.
      deepStrictEqual(yield* page("a", { wait }), [["e1"], "1"])
      deepStrictEqual(spy.looks, ["a", "a"])
    }).pipe(Effect.provide(Spied)))

  it.effect("is not disturbed by incidents of others, however many wait", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 600 }, (_, index) => `agent-${index}`)
      yield* Effect.forEach(ids, (id) => agent(id))
      const spy = yield* Spy
      const readers = new Map<string, Fiber.RuntimeFiber<unknown, unknown>>()
      for (const id of ids) readers.set(id, yield* Effect.fork(page(id, { wait })))
      yield* advance("2 seconds")
      assert.strictEqual(yield* waitedFor, 600)
      spy.looks.length = 0
      yield* arrive("agent-3", "e1")
      yield* arriveElsewhere("agent-400", "e2")
      yield* arriveElsewhere("agent-599", "e3")
      yield* advance("1 second")
      deepStrictEqual(spy.looks.toSorted(), ["agent-3", "agent-400", "agent-599"])
      const answered = yield* Effect.filter(ids, (id) =>
        Effect.map(
          Effect.transposeOption(Option.map(Option.fromNullable(readers.get(id)), Fiber.poll)),
          (exit) => Option.isSome(Option.flatten(exit))
        ))
      deepStrictEqual(answered, ["agent-3", "agent-400", "agent-599"])
      yield* Fiber.interruptAll([...readers.values()])
      assert.strictEqual(yield* waitedFor, 0)
    }).pipe(Effect.provide(Spied)))

  it.effect("is answered with everybody else who waits for the same agent", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const readers = yield* Effect.forEach([1, 2, 3], (limit) => reader("a", { wait, limit }))
      assert.strictEqual(yield* waitedFor, 1)
      yield* arrive("a", "e1")
      for (const one of readers) deepStrictEqual(yield* Fiber.join(one), [["e1"], "1"])
      assert.strictEqual(yield* waitedFor, 0)
    }).pipe(Effect.provide(Live)))

  it.effect("leaves nothing behind, whether it is answered or hangs up", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* agent("b")
      const spy = yield* Spy
      const readers = yield* Effect.forEach(["a", "a", "b"], (id) => reader(id, { wait }))
      assert.strictEqual(yield* waitedFor, 2)
      yield* Effect.forEach(readers.slice(0, 1), Fiber.interrupt)
      assert.strictEqual(yield* waitedFor, 2)
      yield* advance("2 seconds")
      assert.strictEqual(spy.asked, 2)
      yield* arrive("a", "e1")
      yield* Effect.forEach(readers, Fiber.interrupt)
      assert.strictEqual(yield* waitedFor, 0)
      yield* advance("1 minute")
      assert.strictEqual(spy.asked, 2)
    }).pipe(Effect.provide(Spied)))

  it.effect("goes on waiting when the database cannot be looked into, and sees it when it can", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const spy = yield* Spy
      const waiting = yield* reader("a", { wait })
      spy.grown = Effect.die("database is locked")
      yield* arriveElsewhere("a", "e1")
      yield* advance("5 seconds")
      assert.isTrue(yield* isWaiting(waiting))
      spy.grown = Effect.void
      yield* advance("1 second")
      deepStrictEqual(yield* Fiber.join(waiting), [["e1"], "1"])
    }).pipe(Effect.provide([Spied, Logger.remove(Logger.defaultLogger)])))

  it.effect("is answered early when the service stops, with what there is, and nobody waits after that", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* arrive("a", "e1")
      const waiting = yield* reader("a", { after: "1", wait })
      yield* arriveElsewhere("a", "e2")
      assert.isTrue(yield* isWaiting(waiting))
      yield* Effect.flatMap(Inbox, ({ close }) => close)
      deepStrictEqual(yield* Fiber.join(waiting), [["e2"], "2"])
      deepStrictEqual(yield* page("a", { after: "2", wait }), [[], "2"])
      assert.strictEqual(yield* waitedFor, 0)
    }).pipe(Effect.provide(Live)))

  it.effect("does not hold up the end of the inbox's scope", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const scope = yield* Scope.make()
      const inbox = yield* Layer.buildWithScope(Inbox.Default, scope)
      const waiting = yield* Effect.fork(Effect.provide(page("a", { wait }), inbox))
      yield* advance("5 seconds")
      yield* Scope.close(scope, Exit.void)
      deepStrictEqual(yield* Fiber.join(waiting), [[], null])
    }).pipe(Effect.provide(Tables)))
})
