import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { acme, globex, org } from "../fakes/Storage.ts"
import { configure, refusedAs, resolve, signedWith, webhookOrgs } from "./webhooks.ts"

const installation = "24b397fc-a86e-43ef-9297-949e21b82480"
const initech = org("org-initech")

describe("an org that is named", () => {
  it.effect("is the one when its secret verifies the delivery", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "a" })
      assert.strictEqual(yield* resolve(signedWith("a", { named: acme })), acme)
      assert.strictEqual(yield* resolve(signedWith("a", { named: globex, installation })), globex)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is not when only another's does, or its secret is of another integration", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "b" })
      yield* configure(globex, { webhookSecret: "a" }, "linear")
      yield* configure(initech, {})
      for (const named of [globex, initech, "org-unknown"]) {
        assert.strictEqual(yield* refusedAs(signedWith("a", { named })), "InvalidSignature")
      }
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("gets one answer for all that is wrong with the secret", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, {})
      const answers = yield* Effect.forEach(
        [acme, globex, "org-unknown"],
        (named) => Effect.map(Effect.flip(resolve(signedWith("x", { named }))), (error) => error.details)
      )
      assert.strictEqual(new Set(answers).size, 1)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("has to be an org id", () =>
    Effect.gen(function*() {
      for (const named of ["", "a b", "../x", "é", "x".repeat(200)]) {
        const error = yield* Effect.flip(resolve(signedWith("a", { named })))
        assert.strictEqual(error._tag, "RequestInvalid")
        assert.strictEqual(error.details, "org: expected an organisation id")
      }
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("does not learn a binding", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "same" })
      yield* configure(globex, { webhookSecret: "same" })
      yield* resolve(signedWith("same", { named: acme, installation }))
      assert.strictEqual(yield* refusedAs(signedWith("same", { installation })), "RequestInvalid")
    }).pipe(Effect.provide(webhookOrgs())))
})

describe("an org that is found by its secret", () => {
  it.effect("is the one whose secret verifies", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "b" })
      yield* configure(initech, { webhookSecret: "a" }, "linear")
      assert.strictEqual(yield* resolve(signedWith("b")), globex)
      assert.strictEqual(yield* resolve(signedWith("a")), acme)
      assert.strictEqual(yield* resolve(signedWith("a", { integration: "linear" })), initech)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("may use the previous secret while a new one comes in", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "new", webhookSecretPrevious: "old" })
      assert.strictEqual(yield* resolve(signedWith("new")), acme)
      assert.strictEqual(yield* resolve(signedWith("old")), acme)
      assert.strictEqual(yield* resolve(signedWith("old", { named: acme })), acme)
      yield* configure(acme, { webhookSecret: "new" })
      assert.strictEqual(yield* refusedAs(signedWith("old")), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is nobody when no secret verifies, and the operator is told of ?org=", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      const error = yield* Effect.flip(resolve(signedWith("b")))
      assert.strictEqual(error._tag, "InvalidSignature")
      assert.include(error.details, "?org=")
      assert.notInclude(JSON.stringify(error), acme)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is none of several, which are not named", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "same" })
      yield* configure(globex, { webhookSecret: "same" })
      const error = yield* Effect.flip(resolve(signedWith("same")))
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.include(error.details, "several organisations")
      assert.notInclude(JSON.stringify(error), "globex")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is the one of several whose installation it is", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "same", installationId: installation })
      yield* configure(globex, { webhookSecret: "same", installationId: "other" })
      yield* configure(initech, { webhookSecret: "same" })
      assert.strictEqual(yield* resolve(signedWith("same", { installation })), acme)
      assert.strictEqual(yield* resolve(signedWith("same", { installation: "other" })), globex)
      assert.strictEqual(yield* refusedAs(signedWith("same", { installation: "third" })), "RequestInvalid")
      assert.strictEqual(yield* refusedAs(signedWith("same")), "RequestInvalid")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is known at once after a configure, and unknown at once after a forget", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusedAs(signedWith("a")), "InvalidSignature")
      yield* configure(acme, { webhookSecret: "a" })
      assert.strictEqual(yield* resolve(signedWith("a")), acme)
      yield* configure(acme, { webhookSecret: "b" })
      assert.strictEqual(yield* refusedAs(signedWith("a")), "InvalidSignature")
      assert.strictEqual(yield* resolve(signedWith("b")), acme)
      yield* Effect.flatMap(Integrations, ({ forget }) => forget(acme, "sentry"))
      assert.strictEqual(yield* refusedAs(signedWith("b")), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is tried among the latest configured, as many as the operator says", () =>
    Effect.gen(function*() {
      for (const [orgId, webhookSecret] of [[acme, "a"], [globex, "b"], [initech, "c"]] as const) {
        yield* configure(orgId, { webhookSecret })
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(yield* resolve(signedWith("c")), initech)
      assert.strictEqual(yield* resolve(signedWith("b")), globex)
      assert.strictEqual(yield* refusedAs(signedWith("a")), "InvalidSignature")
      assert.strictEqual(yield* resolve(signedWith("a", { named: acme })), acme)
    }).pipe(Effect.provide(webhookOrgs({ WEBHOOK_TRIAL_ORGS: "2" }))))

  it.effect("is not hidden by a neighbour whose config does not open", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "b" })
      const broken = yield* Effect.flatten(repo.find(globex, "sentry"))
      yield* repo.put({ ...broken, sealed: "AAAA" })
      assert.strictEqual(yield* resolve(signedWith("a")), acme)
      assert.strictEqual(yield* refusedAs(signedWith("b")), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is tried in several turns where bodies are large", () =>
    Effect.gen(function*() {
      for (const [orgId, webhookSecret] of [[acme, "a"], [globex, "b"], [initech, "c"]] as const) {
        yield* configure(orgId, { webhookSecret })
      }
      const body = new Uint8Array(4 * 1024 * 1024)
      for (const [secret, orgId] of [["a", acme], ["b", globex], ["c", initech]] as const) {
        assert.strictEqual(yield* resolve(signedWith(secret, { body })), orgId)
      }
      assert.strictEqual(yield* refusedAs(signedWith("d", { body })), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("may be told by any of several signatures", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "new" })
      const { signatures: [old = new Uint8Array()], ...delivery } = signedWith("old")
      const both = [old, ...signedWith("new").signatures]
      assert.strictEqual(yield* resolve({ ...delivery, signatures: both }), acme)
      assert.strictEqual(yield* refusedAs({ ...delivery, signatures: [old] }), "InvalidSignature")
      assert.strictEqual(yield* refusedAs({ ...delivery, signatures: [] }), "InvalidSignature")
    }).pipe(Effect.provide(webhookOrgs())))
})
