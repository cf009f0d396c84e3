import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { TestApi } from "../../src/testing/TestApi.ts"
import { as, Faked, newOrg } from "./service.ts"

const environment = { AUTH: "tokens", RATE_LIMIT: "1/s burst 3", FAILURE_RATE_LIMIT: "1/s burst 4" }

const routes = (orgId: string, token: Redacted.Redacted) =>
  Effect.map(
    as(orgId)("GET", "/api/channel-routes", { headers: { authorization: `Bearer ${Redacted.value(token)}` } }),
    ({ status }) => status
  )

layer(Faked({ environment }))("with AUTH=tokens", (it) => {
  it.effect("an organisation's share is taken by its own tokens only", () =>
    Effect.gen(function*() {
      const { token } = yield* TestApi
      const [victim, attacker] = [yield* newOrg, yield* newOrg]
      const [own, foreign] = [yield* token(victim), yield* token(attacker)]
      assert.strictEqual(yield* routes(victim, own), 200)
      // Neither a token of another organisation, nor none, nor a wrong one.
      for (let time = 0; time < 10; time++) assert.strictEqual(yield* routes(victim, foreign), 403)
      for (let time = 0; time < 10; time++) {
        assert.strictEqual((yield* as(victim)("GET", "/api/channel-routes")).status, 401)
      }
      assert.strictEqual(yield* routes(victim, Redacted.make("wrong")), 401)
      assert.strictEqual(yield* routes(victim, own), 200)
      assert.strictEqual(yield* routes(victim, own), 200)
      assert.strictEqual(yield* routes(victim, own), 429)
    }))

  it.effect("guesses from an address end in 429, and those who were let in before are let in", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("5 seconds")
      const { token } = yield* TestApi
      const [one, other] = [yield* newOrg, yield* newOrg]
      const [known, late] = [yield* token(one), yield* token(other)]
      assert.strictEqual(yield* routes(one, known), 200)
      const guesses = yield* Effect.forEach([1, 2, 3, 4, 5, 6], (n) => routes(one, Redacted.make(`int_guess_${n}`)))
      assert.deepStrictEqual(guesses, [401, 401, 401, 401, 429, 429])
      assert.strictEqual(yield* routes(one, known), 200)
      assert.strictEqual(yield* routes(other, late), 429)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* routes(other, late), 200)
    }))
})
