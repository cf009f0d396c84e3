import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect } from "effect"
import { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { Notifications, type Reaction } from "../fakes/Notifications.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

const arrived = Effect.flatMap(Notifications, (notifications) => notifications.arrived)
const sent = Effect.flatMap(Notifications, (notifications) => notifications.sent)
const react = (reaction: Reaction) => Effect.flatMap(Notifications, (notifications) => notifications.react(reaction))
const titles = Effect.map(arrived, (all) => all.map(({ title }) => title))
const statuses = Effect.map(deliveries, (rows) => rows.map(({ status }) => status))
const attempts = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`SELECT outcome, error, number, at FROM delivery_attempts ORDER BY delivery_id, number`
)

const failing = (fields: Partial<ConstructorParameters<typeof UpstreamFailed>[0]> = {}): Reaction => () =>
  new UpstreamFailed({ vendor: "Slack", reason: "unavailable", details: "Slack is unavailable (503)", ...fields })
const taken: Reaction = () => Effect.succeed({ pauseMs: 0 })

describe("a destination's sender", () => {
  it.effect("sends an event to each matching channel, once", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* route("C2")
      assert.strictEqual((yield* accept({ title: "One" })).deliveries, 2)
      yield* pass(60, 10)
      deepStrictEqual((yield* arrived).map(({ channelId, title }) => [channelId, title]).toSorted(), [
        ["C1", "One"],
        ["C2", "One"]
      ])
      deepStrictEqual(yield* statuses, ["delivered", "delivered"])
      deepStrictEqual((yield* attempts).map(({ error, outcome }) => [outcome, error]), [
        ["delivered", null],
        ["delivered", null]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("keeps the order of a destination, and one message at a time", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react(() => Effect.delay(Effect.succeed({ pauseMs: 0 }), "100 millis"))
      const wanted = Array.from({ length: 30 }, (_, index) => `n${index}`)
      for (const title of wanted) yield* accept({ title })
      yield* pass(10)
      deepStrictEqual(yield* titles, wanted)
      assert.strictEqual(yield* Effect.flatMap(Notifications, ({ mostAtOnce }) => mostAtOnce), 1)
    }).pipe(Effect.provide(pipeline())))

  it.effect("does not let one slow destination hold back another", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* route("C2")
      const stuck = yield* Deferred.make<void>()
      yield* react(({ channelId }) =>
        channelId === "C1" ? Effect.as(Deferred.await(stuck), { pauseMs: 0 }) : Effect.succeed({ pauseMs: 0 })
      )
      yield* accept({ title: "One" })
      yield* accept({ title: "Two" })
      yield* settle
      deepStrictEqual((yield* arrived).map(({ channelId, title }) => [channelId, title]), [["C2", "One"], [
        "C2",
        "Two"
      ]])
      yield* Deferred.succeed(stuck, undefined)
      yield* settle
      assert.strictEqual((yield* arrived).length, 4)
    }).pipe(Effect.provide(pipeline())))

  it.effect("tries again later and later, in order, until it arrives", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react((seen, n) => n < 5 ? failing()(seen, n) : Effect.succeed({ pauseMs: 0 }))
      yield* accept({ title: "One" })
      yield* accept({ title: "Two" })
      yield* pass(90)
      deepStrictEqual(yield* titles, ["One", "Two"])
      const times = (yield* sent).slice(0, 6).map(({ atMs }) => atMs)
      const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0))
      for (const [index, wait] of waits.entries()) {
        const nominal = 1000 * 2 ** index
        assert.isAtLeast(wait, nominal * 0.8)
        // The sweep comes round every five seconds.
        assert.isAtMost(wait, nominal * 1.2 + 6000)
      }
      deepStrictEqual((yield* attempts).slice(0, 2).map(({ error, outcome }) => [outcome, error]), [
        ["failed", "Slack is unavailable (503)"],
        ["failed", "Slack is unavailable (503)"]
      ])
      deepStrictEqual((yield* deliveries).map(({ attemptCount, status }) => [status, attemptCount]), [
        ["delivered", 6],
        ["delivered", 1]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("waits as long as the vendor asks, and holds back that destination alone", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* route("C2")
      yield* react((seen, n) =>
        seen.channelId === "C1" && n === 0
          ? failing({ reason: "throttled", details: "Slack rate limit exceeded", retryAfterMs: 120_000 })(seen, n)
          : Effect.succeed({ pauseMs: 0 })
      )
      yield* accept({ title: "One" })
      yield* pass(115, 5)
      deepStrictEqual((yield* arrived).map(({ channelId }) => channelId), ["C2"])
      yield* accept({ title: "Two" })
      yield* pass(2)
      deepStrictEqual((yield* arrived).map(({ channelId, title }) => [channelId, title]), [["C2", "One"], [
        "C2",
        "Two"
      ]])
      yield* pass(15)
      deepStrictEqual((yield* arrived).slice(2).map(({ channelId, title }) => [channelId, title]), [
        ["C1", "One"],
        ["C1", "Two"]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("leaves the destination alone as long as the channel wishes after each message", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react(() => Effect.succeed({ pauseMs: 1000 }))
      for (const title of ["a", "b", "c", "d"]) yield* accept({ title })
      yield* pass(10)
      deepStrictEqual(yield* titles, ["a", "b", "c", "d"])
      const times = (yield* sent).map(({ atMs }) => atMs)
      for (const [index, at] of times.slice(1).entries()) assert.isAtLeast(at - (times[index] ?? 0), 1000)
    }).pipe(Effect.provide(pipeline())))

  it.effect("gives up what is refused for good, with the vendor's reason, and goes on", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react((_, n) =>
        n === 0 ? new UpstreamRejected({ vendor: "Slack", details: "is_archived" }) : Effect.succeed({ pauseMs: 0 })
      )
      yield* accept({ title: "One" })
      yield* accept({ title: "Two" })
      yield* pass(60, 5)
      deepStrictEqual(yield* titles, ["Two"])
      deepStrictEqual((yield* deliveries).map(({ lastError, status }) => [status, lastError]), [
        ["failed", "is_archived"],
        ["delivered", null]
      ])
      deepStrictEqual((yield* attempts).map(({ outcome }) => outcome), ["refused", "delivered"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("is dead after 24 hours of trying", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react(failing())
      const sql = yield* SqlClient.SqlClient
      yield* accept({ title: "One" })
      yield* settle
      deepStrictEqual((yield* deliveries).map(({ retryUntil, status }) => [status, retryUntil]), [
        ["pending", "1970-01-02T00:00:00.000Z"]
      ])
      // As if the day had passed.
      yield* sql`UPDATE deliveries SET retry_until = '1970-01-01T00:00:02.000Z'`
      yield* pass(60, 5)
      deepStrictEqual(yield* statuses, ["dead"])
      const tried = (yield* deliveries)[0]?.["attemptCount"]
      yield* pass(60, 5)
      assert.strictEqual((yield* deliveries)[0]?.["attemptCount"], tried)
      yield* react(taken)
      yield* accept({ title: "Two" })
      yield* settle
      deepStrictEqual(yield* titles, ["Two"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("a bug in a channel costs its own delivery an attempt, and the others nothing", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react((_, n) => n === 0 ? Effect.dieMessage("bug") : Effect.succeed({ pauseMs: 0 }))
      yield* accept({ title: "One" })
      yield* accept({ title: "Two" })
      yield* pass(30)
      deepStrictEqual(yield* titles, ["One", "Two"])
      deepStrictEqual((yield* attempts).map(({ error, outcome }) => [outcome, error])[0], ["failed", "Internal error"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("sends again what was under way when the service stopped, and says so", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* route("C1")
      yield* react(failing({ reason: "throttled", retryAfterMs: 10_000 }))
      yield* accept({ title: "One" })
      yield* settle
      yield* sql`UPDATE deliveries SET status = 'delivering', next_attempt_at = NULL`
      yield* react(taken)
      yield* pass(30)
      deepStrictEqual(yield* titles, ["One"])
      deepStrictEqual((yield* attempts).map(({ outcome }) => outcome), ["throttled", "delivered"])
      deepStrictEqual((yield* deliveries).map(({ attemptCount }) => attemptCount), [2])
    }).pipe(Effect.provide(pipeline())))

  it.effect("keeps orgs apart, also where they name the same channel", () =>
    Effect.gen(function*() {
      yield* route("C1", acme)
      yield* route("C1", globex)
      yield* accept({ title: "Ours" }, acme)
      yield* accept({ title: "Theirs" }, globex)
      yield* settle
      deepStrictEqual((yield* arrived).map(({ orgId, title }) => [orgId, title]).toSorted(), [
        [acme, "Ours"],
        [globex, "Theirs"]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("follows a destination that has moved", () =>
    Effect.gen(function*() {
      yield* route("-100")
      yield* react(({ channelId }) =>
        Effect.succeed(channelId === "-100" ? { pauseMs: 0, movedTo: "-200" } : { pauseMs: 0 })
      )
      yield* accept({ title: "One" })
      yield* settle
      yield* accept({ title: "Two" })
      yield* settle
      deepStrictEqual((yield* arrived).map(({ channelId, title }) => [channelId, title]), [
        ["-100", "One"],
        ["-200", "Two"]
      ])
    }).pipe(Effect.provide(pipeline())))

  it.effect("sends what nobody was woken for", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* route("C1")
      yield* accept({ title: "One" })
      yield* settle
      // As another process leaves it that ends between its commit and the wake-up.
      const now = DateTime.formatIso(yield* DateTime.now)
      yield* sql`UPDATE deliveries SET status = 'pending'`
      yield* sql`UPDATE destinations SET due_at = ${now}, wakes = wakes + 1`
      yield* pass(6)
      deepStrictEqual(yield* titles, ["One", "One"])
    }).pipe(Effect.provide(pipeline())))
})
