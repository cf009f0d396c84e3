import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Layer, Logger, TestClock } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { WebhookFailure } from "../../src/domain/WebhookFailure.ts"
import { WebhookFailuresRepo } from "../../src/persistence/WebhookFailuresRepo.ts"
import { WebhookFailures } from "../../src/services/WebhookFailures.ts"
import { freeDisk, fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex, org } from "../fakes/Storage.ts"
import { turns } from "../fakes/turns.ts"
import { bytesOf, configure, refusedAs, resolve, signedWith, webhookOrgs } from "./webhooks.ts"

const installation = "24b397fc-a86e-43ef-9297-949e21b82480"

const listed = (
  orgId: OrgId,
  query: { readonly source?: string; readonly before?: string; readonly limit?: number } = {}
) =>
  Effect.flatMap(
    WebhookFailuresRepo,
    (repo) => repo.list(orgId, { source: query.source, before: query.before, limit: query.limit ?? 1000 })
  )

const reasons = (orgId: OrgId) => Effect.map(listed(orgId), (rows) => rows.map(({ reason }) => reason))

/** Lets what stores failures have its turn. */
const stored = Effect.zipRight(Effect.replicateEffect(Effect.yieldNow(), 50), turns(2))

const refuse = (failure: Partial<WebhookFailure> = {}, told?: string) =>
  Effect.flatMap(
    WebhookFailures,
    (failures) =>
      Effect.flip(
        failures.refuse({ source: "sentry", reason: "missing", details: "why", orgId: acme, ...failure }, told)
      )
  ).pipe(Effect.tap(stored))

const lines: Array<string> = []
const Listening = Logger.replace(
  Logger.defaultLogger,
  Logger.make((line) => void lines.push(Logger.logfmtLogger.log(line)))
)

describe("a webhook that was refused", () => {
  it.effect("is kept for its org, with its reason and time, and the sender is told", () =>
    Effect.gen(function*() {
      yield* configure(acme, {})
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* refuse()).details, "why")
      assert.strictEqual((yield* refuse({ reason: "no-secret", details: "inside" }, "outside")).details, "outside")
      const rows = yield* listed(acme)
      deepStrictEqual(rows.map(({ details, orgId, reason, source }) => ({ details, orgId, reason, source })), [
        { details: "inside", orgId: acme, reason: "no-secret", source: "sentry" },
        { details: "why", orgId: acme, reason: "missing", source: "sentry" }
      ])
      for (const { failedAt, id } of rows) {
        assert.match(id, /^whf-[0-9a-f-]{36}$/)
        assert.strictEqual(DateTime.formatIso(failedAt), "1970-01-01T00:01:00.000Z")
      }
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is kept for no org that has not configured the integration", () =>
    Effect.gen(function*() {
      yield* configure(acme, {})
      yield* configure(globex, {}, "linear")
      for (const orgId of [globex, org("org-made-up"), org("ORG-ACME-CORP"), undefined]) yield* refuse({ orgId })
      yield* refuse({ source: "linear" })
      const sql = yield* SqlClient.SqlClient
      deepStrictEqual([...(yield* sql`SELECT * FROM webhook_failures`)], [])
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is listed for its own org only, newest first, page by page, by source", () =>
    Effect.gen(function*() {
      for (const orgId of [acme, globex, org("org-acme")]) yield* configure(orgId, {})
      yield* configure(acme, {}, "linear")
      for (const details of ["1", "2", "3", "4", "5"]) {
        yield* refuse({ details })
        yield* refuse({ details: `g${details}`, orgId: globex })
      }
      yield* refuse({ details: "l", source: "linear" })
      const page = (query: Parameters<typeof listed>[1]) =>
        Effect.map(listed(acme, query), (rows) => rows.map(({ details }) => details))
      deepStrictEqual(yield* page({}), ["l", "5", "4", "3", "2", "1"])
      deepStrictEqual(yield* page({ source: "sentry", limit: 2 }), ["5", "4"])
      deepStrictEqual(yield* page({ source: "linear" }), ["l"])
      const before = (yield* listed(acme, { limit: 3 })).at(-1)?.id ?? ""
      deepStrictEqual(yield* page({ before, limit: 2 }), ["3", "2"])
      deepStrictEqual(yield* page({ before, source: "linear" }), [])
      deepStrictEqual(yield* listed(org("org-acme")), [])
      // Another org's cursor is only a point in time.
      deepStrictEqual(
        (yield* listed(globex, { before })).map(({ orgId }) => orgId),
        Array.from({ length: 3 }, () => globex)
      )
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("pushes out the oldest beyond a hundred, of the same org and source only", () =>
    Effect.gen(function*() {
      yield* configure(acme, {})
      yield* configure(acme, {}, "linear")
      yield* configure(globex, {})
      yield* refuse({ details: "linear", source: "linear" })
      yield* refuse({ details: "globex", orgId: globex })
      for (let count = 1; count <= 230; count += 1) yield* refuse({ details: String(count) })
      const kept = yield* listed(acme, { source: "sentry" })
      deepStrictEqual(
        kept.map(({ details }) => details),
        Array.from({ length: 100 }, (_, index) => String(230 - index))
      )
      deepStrictEqual((yield* listed(acme, { source: "linear" })).map(({ details }) => details), ["linear"])
      deepStrictEqual((yield* listed(globex)).map(({ details }) => details), ["globex"])
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is answered although it cannot be stored, and later ones are stored again", () =>
    Effect.gen(function*() {
      yield* configure(acme, {})
      yield* fullDisk("webhook_failures", "INSERT")
      lines.length = 0
      assert.strictEqual((yield* refuse())._tag, "InvalidSignature")
      assert.include(lines.join("\n"), "Could not store why webhooks were refused")
      yield* freeDisk("webhook_failures")
      yield* refuse({ details: "again" })
      deepStrictEqual((yield* listed(acme)).map(({ details }) => details), ["again"])
    }).pipe(Effect.provide(Layer.provideMerge(webhookOrgs(), Listening))))

  it.effect("waits for nothing that is being stored, and is stored when the service stops", () =>
    Effect.gen(function*() {
      yield* configure(acme, {})
      const repo = yield* WebhookFailuresRepo
      yield* Effect.gen(function*() {
        const failures = yield* WebhookFailures
        // No turn for what stores them: only the end of the scope is left.
        for (let count = 0; count < 300; count += 1) {
          yield* Effect.flip(failures.refuse({ source: "sentry", reason: "missing", details: "flood", orgId: acme }))
        }
      }).pipe(Effect.provide(Layer.fresh(WebhookFailures.Default)))
      assert.strictEqual((yield* repo.list(acme, { source: undefined, before: undefined, limit: 1000 })).length, 100)
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("is logged with source, reason and org, and with nothing that is secret", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "canary-secret" })
      lines.length = 0
      const body = bytesOf(`{"title":"canary-body"}`)
      const delivery = signedWith("another", { named: acme, body })
      yield* refusedAs(delivery)
      yield* refusedAs(signedWith("another", { body }))
      yield* stored
      const log = lines.join("\n")
      assert.include(log, "A webhook was refused")
      for (const part of ["source=sentry", "reason=wrong-secret", "org=org-acme-corp"]) assert.include(log, part)
      const kept = JSON.stringify(yield* listed(acme))
      for (const secret of ["canary", Buffer.from(delivery.signatures[0] ?? []).toString("hex")]) {
        assert.notInclude(log, secret)
        assert.notInclude(kept, secret)
      }
    }).pipe(Effect.provide(Layer.provideMerge(webhookOrgs(), Listening))))
})

describe("the doctor", () => {
  const altered = (secret: string, delivery: Parameters<typeof signedWith>[1] = {}) => ({
    ...signedWith(secret, { ...delivery, body: bytesOf(`{"a":1}`) }),
    body: bytesOf(`{ "a": 1 }`)
  })

  it.effect("finds out why the named org's secrets do not verify", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a", webhookSecretPrevious: "b" })
      yield* configure(globex, {})
      const told = yield* Effect.forEach(
        [
          signedWith("x", { named: acme }),
          altered("a", { named: acme }),
          altered("b", { named: acme }),
          signedWith("x", { named: globex }),
          altered("a", { named: globex })
        ],
        (delivery) => Effect.map(Effect.tap(Effect.flip(resolve(delivery)), stored), (error) => error.details)
      )
      deepStrictEqual(yield* reasons(acme), ["altered", "altered", "wrong-secret"])
      deepStrictEqual(yield* reasons(globex), ["no-secret", "no-secret"])
      const [wrong = "", first = "", second, ...none] = told
      assert.match(first, /compact JSON.*byte for byte/)
      assert.strictEqual(second, first)
      // Whoever does not have the secret learns nothing of the org.
      deepStrictEqual(none, [wrong, wrong])
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("finds the org whose secret made the signature over another form", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "g" })
      yield* refusedAs(signedWith("x"))
      yield* refusedAs(altered("g"))
      yield* stored
      deepStrictEqual([yield* reasons(acme), yield* reasons(globex)], [[], ["altered"]])
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("knows the org by its installation", () =>
    Effect.gen(function*() {
      yield* configure(acme, { webhookSecret: "a" })
      yield* configure(globex, { webhookSecret: "g" })
      yield* resolve(signedWith("a", { installation }))
      yield* refusedAs(signedWith("x", { installation }))
      yield* configure(acme, {})
      yield* refusedAs(signedWith("a", { installation }))
      yield* stored
      deepStrictEqual([yield* reasons(acme), yield* reasons(globex)], [["no-secret", "wrong-secret"], []])
      yield* configure(acme, { webhookSecret: "a" })
      yield* resolve(signedWith("g", { installation }))
      yield* refusedAs(signedWith("x", { installation }))
      yield* refusedAs(altered("g", { installation }))
      yield* stored
      // Two claim it: whose it is, the signature alone can tell.
      deepStrictEqual([yield* reasons(acme), yield* reasons(globex)], [["no-secret", "wrong-secret"], ["altered"]])
    }).pipe(Effect.provide(webhookOrgs())))

  it.effect("looks at so many orgs and so many bodies a second, and no more", () =>
    Effect.gen(function*() {
      for (let count = 0; count < 30; count += 1) {
        yield* configure(org(`org-${count}`), { webhookSecret: `s${count}` })
        yield* TestClock.adjust("1 second")
      }
      // The latest configured come first.
      yield* refusedAs(altered("s29"))
      yield* refusedAs(altered("s10"))
      yield* refusedAs(altered("s9"))
      yield* stored
      deepStrictEqual(
        yield* Effect.forEach(["org-29", "org-10", "org-9"], (orgId) => reasons(org(orgId))),
        [["altered"], ["altered"], []]
      )
      for (let count = 0; count < 30; count += 1) yield* refusedAs(altered("s3", { named: "org-3" }))
      yield* TestClock.adjust("1 second")
      yield* refusedAs(altered("s3", { named: "org-3" }))
      yield* stored
      const found = yield* reasons(org("org-3"))
      assert.strictEqual(found.filter((reason) => reason === "altered").length, 8)
      assert.strictEqual(found[0], "altered")
      assert.strictEqual(found.length, 31)
    }).pipe(Effect.provide(webhookOrgs())))
})
