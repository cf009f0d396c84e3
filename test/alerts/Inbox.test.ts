import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, Duration, Effect, Exit, FastCheck, Fiber, Layer, Logger, Option, Scope, TestClock } from "effect"
import { Inbox, type Reading } from "../../src/alerts/Inbox.ts"
import { AgentNotFound, RequestInvalid } from "../../src/domain/Errors.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { agent, arrive, arriveElsewhere, Tables } from "./inboxes.ts"

const Live = Layer.provideMerge(Inbox.Default, Tables)
type Services = Layer.Layer.Success<typeof Live>

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

const read = (agentId: string, reading: Partial<Reading> = {}, orgId = acme) =>
  Effect.flatMap(
    Inbox,
    (inbox) => inbox.read(orgId, agentId, { after: null, limit: 25, wait: Duration.zero, ...reading })
  )

/** The events that a page holds, and where it ends. */
const page = (...args: Parameters<typeof read>) =>
  Effect.map(read(...args), ({ incidents, next }) => [incidents.map(({ eventId }) => eventId), next] as const)

const wait = Duration.seconds(30)

/** A reader that waits by now. */
const reader = (...args: Parameters<typeof read>) => Effect.tap(Effect.fork(page(...args)), () => TestClock.adjust(0))

const waitedFor = Effect.flatMap(Inbox, (inbox) => inbox.waitedFor)

const isWaiting = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.poll(fiber), Option.isNone)

describe("an inbox", () => {
  it.effect("gives what came, with the id that it always has", () =>
    Effect.gen(function*() {
      yield* agent("agent-incident-xyz789")
      yield* arrive("agent-incident-xyz789", "e1")
      yield* arrive("agent-incident-xyz789", "e2", { projectId: null, url: null, body: "not JSON" })
      const { incidents, next } = yield* read("agent-incident-xyz789")
      deepStrictEqual(
        incidents.map(({ eventId, id, payload, projectId, url }) => ({ id, eventId, projectId, url, payload })),
        [
          {
            id: "inc-xyz789-1",
            eventId: "e1",
            projectId: "proj-001",
            url: "https://sentry.test/issues/1",
            payload: { event: "e1" }
          },
          { id: "inc-xyz789-2", eventId: "e2", projectId: null, url: null, payload: "not JSON" }
        ]
      )
      assert.strictEqual(next, "2")
      deepStrictEqual((yield* read("agent-incident-xyz789", { after: "1" })).incidents, incidents.slice(1))
    }).pipe(Effect.provide(Live)))

  it.effect("says where to go on: nowhere before the first incident, and the given place when nothing is new", () =>
    Effect.gen(function*() {
      yield* agent("a")
      deepStrictEqual(yield* page("a"), [[], null])
      yield* arrive("a", "e1")
      yield* arrive("a", "e2")
      yield* arrive("a", "e3")
      deepStrictEqual(yield* page("a", { limit: 2 }), [["e1", "e2"], "2"])
      deepStrictEqual(yield* page("a", { limit: 2, after: "2" }), [["e3"], "3"])
      deepStrictEqual(yield* page("a", { limit: 2, after: "3" }), [[], "3"])
      deepStrictEqual(yield* page("a", { after: "1" }), [["e2", "e3"], "3"])
    }).pipe(Effect.provide(Live)))

  it.effect.prop(
    "is the same in pages of any size, in order, without gaps and repeats, while more comes in",
    [FastCheck.array(
      FastCheck.oneof(
        FastCheck.record({ arrive: FastCheck.constantFrom("a", "other") }),
        FastCheck.record({ limit: FastCheck.integer({ min: 1, max: 7 }) })
      ),
      { maxLength: 40 }
    )],
    ([steps]) =>
      Effect.gen(function*() {
        yield* agent("a")
        yield* agent("other")
        const came: Array<string> = []
        const seen: Array<string> = []
        let after: string | null = null
        for (const [index, step] of [...steps, { limit: 100 }].entries()) {
          if ("arrive" in step) {
            yield* arrive(step.arrive, `e${index}`)
            if (step.arrive === "a") came.push(`e${index}`)
            continue
          }
          const [events, next]: readonly [ReadonlyArray<string>, string | null] = yield* page("a", {
            after,
            limit: step.limit
          })
          assert.isAtMost(events.length, step.limit)
          seen.push(...events)
          deepStrictEqual(seen, came.slice(0, seen.length))
          if (events.length < step.limit) assert.lengthOf(seen, came.length)
          after = next
        }
        deepStrictEqual(seen, came)
        assert.strictEqual(after, came.length === 0 ? null : String(came.length))
      }).pipe(Effect.provide(Live)),
    { fastCheck: { numRuns: 25 } }
  )

  it.effect("gives fewer at a time where they are large, and all of them in the end", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const large = `"${"x".repeat(1024 * 1024 - 2)}"`
      for (const id of ["e1", "e2", "e3", "e4", "e5", "e6"]) yield* arrive("a", id, { body: large })
      yield* arrive("a", "e7", { body: `"${"x".repeat(5 * 1024 * 1024)}"` })
      yield* arrive("a", "e8")
      const pages: Array<ReadonlyArray<string>> = []
      let after: string | null = null
      while (pages.at(-1)?.length !== 0) {
        const [events, next]: readonly [ReadonlyArray<string>, string | null] = yield* page("a", { after, limit: 100 })
        pages.push(events)
        after = next
      }
      deepStrictEqual(pages, [["e1", "e2", "e3", "e4"], ["e5", "e6"], ["e7"], ["e8"], []])
    }).pipe(Effect.provide(Live)))

  it.effect("takes no cursor that it has not given", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* arrive("a", "e1")
      for (const after of ["2", "999999999999999"]) {
        for (const patience of [Duration.zero, wait]) {
          const error = yield* Effect.flip(read("a", { after, wait: patience }))
          if (!(error instanceof RequestInvalid)) return assert.fail(error._tag)
          assert.strictEqual(error.details, "after: expected a cursor that this agent was given as next")
        }
      }
    }).pipe(Effect.provide(Live)))

  it.effect("is its own organisation's, also under another's agent id", () =>
    Effect.gen(function*() {
      yield* agent("a")
      yield* agent("shared", acme)
      yield* agent("shared", globex)
      yield* arrive("a", "e1")
      yield* arrive("shared", "mine", {}, acme)
      yield* arrive("shared", "theirs", {}, globex)
      deepStrictEqual(yield* page("shared", {}, acme), [["mine"], "1"])
      deepStrictEqual(yield* page("shared", {}, globex), [["theirs"], "1"])
      for (const [agentId, orgId] of [["a", globex], ["b", acme]] as const) {
        for (const reading of [{}, { wait }, { after: "1" }]) {
          assert.instanceOf(yield* Effect.flip(read(agentId, reading, orgId)), AgentNotFound)
        }
      }
      const known = { id: "shared", lastNumber: 1 }
      yield* arrive("shared", "theirs too", {}, globex)
      const { grown } = yield* InboxRepo
      deepStrictEqual(yield* grown([{ ...known, orgId: acme }]), [])
      deepStrictEqual(yield* grown([{ ...known, orgId: globex }]), [{ orgId: globex, id: "shared" }])
      const theirs = yield* reader("shared", { after: "2", wait }, globex)
      yield* arrive("shared", "mine too", {}, acme)
      yield* TestClock.adjust("29 seconds")
      assert.isTrue(yield* isWaiting(theirs))
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* Fiber.join(theirs), [[], "2"])
    }).pipe(Effect.provide(Live)))
})

describe("who waits for an incident", () => {
  it.effect("is answered the moment it arrives", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const first = yield* reader("a", { wait })
      yield* TestClock.adjust("10 seconds")
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
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(yield* isWaiting(waiting))
      yield* TestClock.adjust("1 millis")
      deepStrictEqual(yield* Fiber.join(waiting), [[], "1"])
    }).pipe(Effect.provide(Live)))

  it.effect("sees within a second what another process took in", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const waiting = yield* reader("a", { wait })
      yield* TestClock.adjust("7200 millis")
      yield* arriveElsewhere("a", "e1")
      assert.isTrue(yield* isWaiting(waiting))
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* Fiber.join(waiting), [["e1"], "1"])
    }).pipe(Effect.provide(Live)))

  it.effect("misses nothing that arrives while it looks", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const spy = yield* Spy
      const arrival = Effect.provide(Effect.asVoid(arrive("a", "e1")), yield* Effect.context<Services>())
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
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* waitedFor, 600)
      spy.looks.length = 0
      yield* arrive("agent-3", "e1")
      yield* arriveElsewhere("agent-400", "e2")
      yield* arriveElsewhere("agent-599", "e3")
      yield* TestClock.adjust("1 second")
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
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(spy.asked, 2)
      yield* arrive("a", "e1")
      yield* Effect.forEach(readers, Fiber.interrupt)
      assert.strictEqual(yield* waitedFor, 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(spy.asked, 2)
    }).pipe(Effect.provide(Spied)))

  it.effect("goes on waiting when the database cannot be looked into, and sees it when it can", () =>
    Effect.gen(function*() {
      yield* agent("a")
      const spy = yield* Spy
      const waiting = yield* reader("a", { wait })
      spy.grown = Effect.die("database is locked")
      yield* arriveElsewhere("a", "e1")
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(yield* isWaiting(waiting))
      spy.grown = Effect.void
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* Fiber.join(waiting), [["e1"], "1"])
    }).pipe(Effect.provide(Spied), Effect.provide(Logger.remove(Logger.defaultLogger))))

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
      yield* TestClock.adjust("5 seconds")
      yield* Scope.close(scope, Exit.void)
      deepStrictEqual(yield* Fiber.join(waiting), [[], null])
    }).pipe(Effect.provide(Tables)))
})
