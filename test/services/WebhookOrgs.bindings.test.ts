import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, TestClock } from "effect"
import { Integrations } from "../../src/services/Integrations.ts"
import { acme, globex, org } from "../fakes/Storage.ts"
import { configure, refusedAs, resolve, signedWith, webhookOrgs } from "./webhooks.ts"

const installation = "24b397fc-a86e-43ef-9297-949e21b82480"
const tick = TestClock.adjust("1 second")

describe("an installation that is known", () => {
  it.effect("belongs to whom its first verified delivery came from, beyond the trial limit", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
      yield* tick
      yield* configure(globex, { webhookSecret: "g" })
      assert.strictEqual(yield* refusedAs(signedWith("a")), "InvalidSignature")
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
    }).pipe(Effect.provide(webhookOrgs({ WEBHOOK_TRIAL_ORGS: "1" }))))

  it.effect("settles whose it is when another org comes to share the secret", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "same" })
      yield* resolve(signedWith("same", { installation }))
      yield* configure(globex, { webhookSecret: "same" })
      assert.strictEqual(yield* resolve(signedWith("same", { installation })), acme)
      assert.strictEqual(yield* refusedAs(signedWith("same", { installation: "other" })), "RequestInvalid")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("verifies nothing by itself", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* resolve(signedWith("a", { installation }))
      assert.strictEqual(yield* refusedAs(signedWith("forged", { installation })), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("may move to another org when its first one has gone", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* resolve(signedWith("a", { installation }))
      yield* Effect.flatMap(Integrations, ({ forget }) => forget(acme, "sentry"))
      yield* configure(globex, { webhookSecret: "a" })
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), globex)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("of one vendor says nothing about another vendor's", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "same" })
      yield* resolve(signedWith("same", { installation }))
      yield* configure(acme, { webhookSecret: "same" }, "linear")
      yield* configure(globex, { webhookSecret: "same" }, "linear")
      assert.strictEqual(
        yield* refusedAs(signedWith("same", { installation, integration: "linear" })),
        "RequestInvalid"
      )
    }).pipe(Effect.provide(webhookOrgs())))
})

/** Another org signs with its own secret, correctly, and says that it is acme's installation. */
describe("an installation that another org claims", () => {
  const claim = Effect.gen(function*() {
    yield* configure(acme, { webhookSecret: "a" })
    assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
    yield* tick
    yield* configure(globex, { webhookSecret: "g" })
    assert.strictEqual(yield* resolve(signedWith("g", { installation })), globex)
  })

  it.effect("goes on to deliver to its own org", () =>
    Effect.gen(function*() {
      yield* claim
      for (const [secret, orgId] of [["a", acme], ["a", acme], ["g", globex], ["a", acme]] as const) {
        assert.strictEqual(yield* resolve(signedWith(secret, { installation })), orgId)
      }
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("goes on to deliver to its own org beyond the trial limit", () =>
    Effect.gen(function*() {
      yield* claim
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
    }).pipe(Effect.provide(webhookOrgs({ WEBHOOK_TRIAL_ORGS: "1" }))))

  it.effect("goes on to deliver to its own org where a third shares its secret", () =>
    Effect.gen(function*() {
      yield* claim
      yield* configure(org("org-initech"), { webhookSecret: "a" })
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is not taken from its org by an installationId in another org's config", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "g", installationId: installation })
      deepStrictEqual(
        yield* Effect.all([resolve(signedWith("a", { installation })), resolve(signedWith("g", { installation }))]),
        [acme, globex]
      )
      assert.strictEqual(yield* resolve(signedWith("a", { installation })), acme)
    }).pipe(Effect.provide(webhookOrgs())))
})
