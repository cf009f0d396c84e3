import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Ref } from "effect"
import { join } from "node:path"
import { afterCommit } from "../../src/persistence/transaction.ts"
import { IdempotentAnswers, Kept, type Keyed } from "../../src/services/IdempotentAnswers.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { acme, environment, globex, Memory, Platform, stored, temporary } from "../fakes/Storage.ts"
import { advance, passing } from "../fakes/turns.ts"

const ring = (keys: string) =>
  Layer.orDie(Keyring.layer).pipe(Layer.provide([environment({ ENCRYPTION_KEYS: keys }), Platform]))
const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")
const [k1, k2] = [`k1:${key(1)}`, `k2:${key(2)}`]

const Answers = IdempotentAnswers.Default.pipe(Layer.provide(Layer.orDie(Keyring.layerEphemeral)))
const Live = Layer.provideMerge(Answers, Memory)

/** A process of its own over the same database. */
const process = Layer.build(Layer.fresh(IdempotentAnswers.Default).pipe(Layer.provide(ring(k1))))

const keyed = (changes: Partial<Keyed> = {}): Keyed => ({
  orgId: acme,
  operation: "POST /x",
  idempotencyKey: "k-1",
  request: [null, { a: 1 }],
  ...changes
})

const keep = (exit: Exit.Exit<number, string>): Effect.Effect<Kept> =>
  Effect.succeed(Exit.match(exit, {
    onFailure: () => Kept.Key(),
    onSuccess: (value) => Kept.Answer({ status: 201, body: String(value) })
  }))

/** Does it, and answers with how often it was done: what a repeat gets is the first one's number. */
const counted = (how: "apart" | "inOneTransaction" = "apart") =>
  Effect.map(Ref.make(0), (done) => ({
    done: Ref.get(done),
    ask: (changes?: Partial<Keyed>, before: Effect.Effect<void, string> = Effect.void) =>
      Effect.flatMap(IdempotentAnswers, (answers) =>
        answers[how](
          keyed(changes),
          Effect.zipRight(before, Ref.updateAndGet(done, (n) => n + 1)),
          keep
        ).pipe(
          Effect.map((ended) => typeof ended === "number" ? ended : Number(ended.body))
        ))
  }))

for (const how of ["apart", "inOneTransaction"] as const) {
  describe(`what a key stands for, ${how}`, () => {
    it.effect("is done once, and each repeat of a day gets its answer", () =>
      Effect.gen(function*() {
        const { ask, done } = yield* counted(how)
        for (let time = 0; time < 6; time++) {
          assert.strictEqual(yield* ask(), 1)
          yield* advance("239 minutes")
        }
        assert.strictEqual(yield* done, 1)
        yield* advance("7 minutes")
        assert.strictEqual(yield* ask(), 2)
      }).pipe(Effect.provide(Live)))

    it.effect("is another thing for another organisation, operation and key", () =>
      Effect.gen(function*() {
        const { ask } = yield* counted(how)
        assert.strictEqual(yield* ask(), 1)
        assert.strictEqual(yield* ask({ orgId: globex }), 2)
        assert.strictEqual(yield* ask({ operation: "POST /y" }), 3)
        assert.strictEqual(yield* ask({ idempotencyKey: "K-1" }), 4)
        assert.strictEqual(yield* ask(), 1)
      }).pipe(Effect.provide(Live)))

    it.effect("is not what another request asks for", () =>
      Effect.gen(function*() {
        const { ask, done } = yield* counted(how)
        yield* ask()
        for (const request of [[null, { a: 2 }], [null, {}], [{ verify: "true" }, { a: 1 }], null]) {
          assert.strictEqual((yield* Effect.flip(ask({ request })))?.toString().includes("another request body"), true)
        }
        assert.strictEqual(yield* done, 1)
      }).pipe(Effect.provide(Live)))

    it.effect("is done once where fifty ask at the same time", () =>
      Effect.gen(function*() {
        const { ask, done } = yield* counted(how)
        const all = yield* passing(
          Effect.all(Array.from({ length: 50 }, () => ask()), { concurrency: "unbounded" })
        )
        assert.deepStrictEqual([...new Set(all)], [1])
        assert.strictEqual(yield* done, 1)
      }).pipe(Effect.provide(Live)))

    it.effect("is done again where it failed, by the same request", () =>
      Effect.gen(function*() {
        const { ask } = yield* counted(how)
        assert.strictEqual(yield* Effect.flip(ask({}, Effect.fail("vendor"))), "vendor")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(ask({}, Effect.die("bug")))))
        assert.strictEqual(yield* ask(), 1)
      }).pipe(Effect.provide(Live)))
  })
}

describe("the answers to keys", () => {
  it.effect("are awaited by those who ask meanwhile, also when the first has hung up", () =>
    Effect.gen(function*() {
      const { ask, done } = yield* counted()
      const go = yield* Deferred.make<void>()
      const first = yield* Effect.fork(ask({}, Deferred.await(go)))
      yield* Effect.yieldNow()
      const others = yield* Effect.fork(
        Effect.all(Array.from({ length: 10 }, () => ask()), { concurrency: "unbounded" })
      )
      yield* advance("1 second")
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(go, undefined)
      assert.deepStrictEqual([...new Set(yield* Fiber.join(others))], [1])
      assert.strictEqual(yield* done, 1)
    }).pipe(Effect.provide(Live)))

  it.effect("outlive a restart", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "answers.db")
      const life = Layer.provideMerge(IdempotentAnswers.Default.pipe(Layer.provide(ring(k1))), stored(file))
      const { ask, done } = yield* counted()
      assert.strictEqual(yield* Effect.provide(ask(), life), 1)
      assert.strictEqual(yield* Effect.provide(ask(), life), 1)
      assert.strictEqual(yield* done, 1)
    }).pipe(Effect.scoped))

  it.effect("are found again after the encryption key has changed", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "answers.db")
      const life = (keys: string) =>
        Layer.provideMerge(IdempotentAnswers.Default.pipe(Layer.provide(ring(keys))), stored(file))
      const { ask } = yield* counted()
      assert.strictEqual(yield* Effect.provide(ask(), life(k1)), 1)
      assert.strictEqual(yield* Effect.provide(ask(), life(`${k2},${k1}`)), 1)
      // Nobody can tell any more whether it is the same request.
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.provide(ask(), life(k2)))))
    }).pipe(Effect.scoped))

  it.effect("that a process owes when it dies are given by another one, once its lease is over", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { ask, done } = yield* counted()
      // As it stands in the database after a crash between claim and answer.
      yield* ask()
      yield* sql`UPDATE idempotent_answers SET status = NULL, body = NULL`
      const again = yield* Effect.fork(ask())
      yield* advance("29 seconds")
      assert.strictEqual(yield* done, 1)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(ask({ request: "another" }))))
      yield* advance("2 seconds")
      assert.strictEqual(yield* Fiber.join(again), 2)
      assert.strictEqual(yield* ask(), 2)
    }).pipe(Effect.provide(Live)))

  it.effect("are not taken over from a process that is at work for long", () =>
    Effect.gen(function*() {
      const [here, there] = [yield* process, yield* process]
      const { ask, done } = yield* counted()
      const first = yield* Effect.fork(Effect.provide(ask({}, Effect.sleep("50 seconds")), here))
      yield* advance("1 second")
      const second = yield* Effect.fork(Effect.provide(ask(), there))
      yield* advance("48 seconds")
      assert.strictEqual(yield* done, 0)
      yield* advance("2 seconds")
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [1, 1])
    }).pipe(Effect.scoped, Effect.provide(Memory)))

  it.effect("are asked for again later where the first takes more than a minute", () =>
    Effect.gen(function*() {
      const [here, there] = [yield* process, yield* process]
      const { ask } = yield* counted()
      yield* Effect.fork(Effect.provide(ask({}, Effect.never), here))
      yield* advance("1 second")
      const second = yield* Effect.fork(Effect.flip(Effect.provide(ask(), there)))
      yield* advance("61 seconds")
      assert.include(String(yield* Fiber.join(second)), "cannot take the request now")
    }).pipe(Effect.scoped, Effect.provide(Memory)))

  it.effect("go with what they answer where that is one transaction, and others hear of both after it", () =>
    Effect.gen(function*() {
      const { inOneTransaction } = yield* IdempotentAnswers
      const sql = yield* SqlClient.SqlClient
      const said: Array<string> = []
      yield* sql`CREATE TABLE things (name TEXT)`
      const make = (name: string, end: Effect.Effect<number, string>) =>
        inOneTransaction(
          keyed({ idempotencyKey: name }),
          sql`INSERT INTO things VALUES (${name})`.pipe(
            Effect.orDie,
            Effect.zipRight(afterCommit(Effect.sync(() => void said.push(name)))),
            Effect.zipRight(end)
          ),
          keep
        )
      yield* Effect.exit(make("undone", Effect.fail("no")))
      yield* Effect.exit(make("lost", Effect.die("bug")))
      yield* make("done", Effect.sync(() => said.push("at its end")))
      assert.deepStrictEqual(yield* sql`SELECT name FROM things`, [{ name: "done" }])
      assert.deepStrictEqual(yield* sql`SELECT idempotency_key FROM idempotent_answers`, [{ idempotencyKey: "done" }])
      assert.deepStrictEqual(said, ["at its end", "done"])
    }).pipe(Effect.provide(Live)))

  it.effect("that cannot be stored do not undo what was done", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { ask, done } = yield* counted()
      const broken = Effect.orDie(sql`ALTER TABLE idempotent_answers RENAME TO elsewhere`)
      assert.strictEqual(yield* ask({}, Effect.asVoid(broken)), 1)
      yield* sql`ALTER TABLE elsewhere RENAME TO idempotent_answers`
      const again = yield* Effect.fork(ask())
      yield* advance("31 seconds")
      assert.strictEqual(yield* Fiber.join(again), 2)
      assert.strictEqual(yield* done, 2)
    }).pipe(Effect.provide(Live)))

  it.effect("tell nothing of what was asked, and no hash that can be guessed without the encryption key", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const hashWith = (keys: string) =>
        Effect.gen(function*() {
          const { ask } = yield* counted()
          yield* ask({ request: { apiKey: "canary" } })
          const rows = yield* sql<{ readonly requestHash: string }>`SELECT * FROM idempotent_answers`
          assert.notInclude(JSON.stringify(rows), "canary")
          yield* sql`DELETE FROM idempotent_answers`
          return rows[0]?.requestHash.split(":")[1]
        }).pipe(Effect.provide(Layer.fresh(IdempotentAnswers.Default).pipe(Layer.provide(ring(keys)))))
      assert.notStrictEqual(yield* hashWith(`k1:${key(1)}`), yield* hashWith(`k1:${key(2)}`))
    }).pipe(Effect.provide(Memory)))
})
