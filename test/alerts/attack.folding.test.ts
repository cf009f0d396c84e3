import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Deferred, Effect } from "effect"
import { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { arrived, mortal, react, retry, sent, titles } from "./attackLives.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

const alert = (title: string, changes: Partial<IncomingEvent> = {}) => accept({ title, groupKey: "g", ...changes })
const down = () => new UpstreamFailed({ vendor: "Slack", reason: "unavailable", details: "down" })
const taken = () => Effect.succeed({ pauseMs: 0 })
const messages = Effect.map(arrived, (all) => all.map(({ folded, title }) => [title, folded]))
const byTitle = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql`SELECT e.title, d.id, d.status, d.folded_into FROM deliveries d JOIN events e ON e.id = d.event_id`,
    (rows) => new Map(rows.map((row) => [String(row["title"]), row]))
  ))
const idOf = (title: string) => Effect.map(byTitle, (rows) => String(rows.get(title)?.["id"]))

/** The newest delivery as many more times, as if the same had been told so often. */
const again = (times: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql`SELECT * FROM deliveries ORDER BY number DESC LIMIT 1`
    for (const row of rows) {
      const copies = Array.from({ length: times }, (_, n) => ({
        ...row,
        id: `${String(row["id"])}-${n}`,
        number: Number(row["number"]) + n + 1
      }))
      for (let from = 0; from < times; from += 100) {
        yield* sql`INSERT INTO deliveries ${sql.insert(copies.slice(from, from + 100))}`
      }
      yield* sql`UPDATE destinations SET last_number = last_number + ${times}`
    }
  })

describe("folding", () => {
  it.effect("of more than a message may stand for does not hold back that it is over", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* settle
      yield* react((_, n) => Effect.succeed({ pauseMs: n === 0 ? 0 : 4000 }))
      // They come while the channel wishes to be left alone, so that nobody looks at them one by one.
      yield* accept({ title: "alone" })
      yield* settle
      yield* alert("again")
      yield* again(1100)
      yield* alert("over", { state: "resolved" })
      yield* react(taken)
      yield* pass(20)
      assert.strictEqual((yield* titles).at(-1), "over")
      const told = (yield* arrived).reduce((sum, { folded }) => sum + folded + 1, 0)
      assert.strictEqual(told, 1104)
    }).pipe(Effect.provide(pipeline())))

  it.effect("holds up nothing else while it waits, not even in the last seconds of the window", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("first")
      yield* pass(56)
      yield* alert("held")
      yield* settle
      yield* accept({ title: "alone" })
      yield* alert("over", { state: "resolved" })
      yield* settle
      deepStrictEqual(yield* messages, [["first", 0], ["alone", 0], ["over", 1]])
    }).pipe(Effect.provide(pipeline())))

  it.effect("takes along nothing that was put back while its message was under way", () =>
    Effect.gen(function*() {
      yield* route("C1")
      for (const title of ["e1", "e2", "e3"]) {
        yield* alert(title)
        yield* settle
      }
      yield* pass(66, 6)
      yield* alert("e4")
      yield* retry(yield* idOf("e1"))
      const answered = yield* Deferred.make<void>()
      yield* react(() => Effect.as(Deferred.await(answered), { pauseMs: 0 }))
      yield* pass(72, 6)
      deepStrictEqual((yield* messages).slice(2), [])
      deepStrictEqual((yield* sent).slice(2).map(({ folded, title }) => [title, folded]), [["e4", 1]])
      yield* retry(yield* idOf("e2"))
      yield* Deferred.succeed(answered, undefined)
      yield* react(taken)
      yield* pass(120, 6)
      deepStrictEqual(yield* messages, [["e1", 0], ["e3", 1], ["e4", 1], ["e2", 0]])
    }).pipe(Effect.provide(pipeline())))

  it.effect("gives up after a day all that was tried for a day, and tries what came later for its own day", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* route("C1")
      yield* react(() => Effect.succeed({ pauseMs: 3000 }))
      yield* accept({ title: "alone" })
      yield* settle
      for (const title of ["a", "b", "c"]) yield* alert(title)
      yield* react(down)
      yield* pass(10)
      yield* alert("late")
      // As if the day since the first attempt had passed.
      yield* sql`UPDATE deliveries SET created_at = '1969-12-31T00:00:00.000Z' WHERE id <> ${yield* idOf("late")}`
      yield* sql`UPDATE deliveries SET retry_until = '1970-01-01T00:00:05.000Z' WHERE status = 'pending' AND retry_until IS NOT NULL`
      yield* pass(60)
      const rows = yield* byTitle
      deepStrictEqual(["a", "b", "c", "late"].map((title) => rows.get(title)?.["status"]), [
        "dead",
        "dead",
        "dead",
        "pending"
      ])
      yield* react(taken)
      yield* pass(600, 10)
      deepStrictEqual(yield* titles, ["alone", "late"])
      yield* retry(yield* idOf("b"))
      yield* pass(120, 10)
      deepStrictEqual(yield* titles, ["alone", "late", "b"])
    }).pipe(Effect.provide(pipeline())))

  it.effect("after a refusal tells the next at once: nothing was told", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* react((_, n) => n === 0 ? new UpstreamRejected({ vendor: "Slack", details: "no" }) : taken())
      yield* alert("refused")
      yield* settle
      yield* alert("next")
      yield* settle
      deepStrictEqual(yield* messages, [["next", 0]])
    }).pipe(Effect.provide(pipeline())))

  it.effect("is at most one message twice over a kill, and each event in one of them", () => {
    const { kill, layer } = mortal()
    return Effect.gen(function*() {
      yield* route("C1")
      yield* alert("a")
      yield* settle
      for (const title of ["b", "c"]) yield* alert(title)
      yield* react((_, n) => n === 1 ? Effect.never : taken())
      yield* pass(70, 5)
      deepStrictEqual((yield* sent).map(({ folded, title }) => [title, folded]), [["a", 0], ["c", 1]])
      yield* kill
      yield* alert("d")
      yield* pass(150, 5)
      deepStrictEqual(yield* messages, [["a", 0], ["d", 2]])
      assert.isTrue((yield* deliveries).every(({ status }) => status === "delivered"))
    }).pipe(Effect.provide(pipeline({ dispatch: layer })))
  })

  it.effect("of a retried delivery waits like any other of its group, and is told once", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* alert("a")
      yield* settle
      yield* alert("b")
      yield* pass(66, 6)
      deepStrictEqual(yield* messages, [["a", 0], ["b", 0]])
      yield* retry(yield* idOf("a"))
      yield* pass(30, 6)
      deepStrictEqual(yield* messages, [["a", 0], ["b", 0]])
      yield* pass(60, 6)
      deepStrictEqual(yield* messages, [["a", 0], ["b", 0], ["a", 0]])
    }).pipe(Effect.provide(pipeline())))
})
