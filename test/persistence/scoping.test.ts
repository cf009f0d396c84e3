import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Option } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { EventRow, EventsRepo } from "../../src/persistence/EventsRepo.ts"
import { IdempotentAnswerRow, IdempotentAnswersRepo } from "../../src/persistence/IdempotentAnswersRepo.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { acme, globex, Memory, org } from "../fakes/Storage.ts"

const at = (ms: number) => DateTime.unsafeMake(ms)

/** Orgs whose ids would meet if an id were taken for a pattern, or without its case. */
const neighbours = [acme, globex, org("ORG-ACME-CORP"), org("org-acme"), org("org-acme-corp.x"), org("org_acme-corp")]

describe("integrations of orgs side by side", () => {
  const sealedOf = (orgId: OrgId) => `sealed by ${orgId}`
  const put = (orgId: OrgId, integration = "linear") =>
    Effect.flatMap(
      IntegrationsRepo,
      (repo) => repo.put({ orgId, integration, keyId: "k1", sealed: sealedOf(orgId), configuredAt: at(0) })
    )

  it.effect("are found, listed and removed by their own org only", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* Effect.forEach(neighbours, (orgId) => put(orgId))
      for (const orgId of neighbours) {
        deepStrictEqual((yield* repo.list(orgId)).map(({ sealed }) => sealed), [sealedOf(orgId)])
        assert.strictEqual(Option.getOrThrow(yield* repo.find(orgId, "linear")).sealed, sealedOf(orgId))
        assert.isTrue(Option.isNone(yield* repo.find(orgId, "sentry")))
      }
      assert.isTrue(yield* repo.remove(acme, "linear"))
      assert.isFalse(yield* repo.remove(acme, "linear"))
      deepStrictEqual(yield* repo.list(acme), [])
      for (const orgId of neighbours.slice(1)) assert.strictEqual((yield* repo.list(orgId)).length, 1)
    }).pipe(Effect.provide(Memory)))

  it.effect("are replaced, refused and dated by their own org only", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* Effect.forEach(neighbours, (orgId) => Effect.zipRight(put(orgId), put(orgId, "sentry")))
      const row = Option.getOrThrow(yield* repo.find(acme, "linear"))
      yield* repo.setRefused(row, Option.some(at(1)))
      yield* repo.recordSyncs([{ orgId: acme, integration: "linear", at: at(2) }])
      const dated = yield* Effect.forEach(neighbours, (orgId) =>
        Effect.map(repo.list(orgId), (rows) =>
          rows.filter(({ lastSync, refusedAt }) =>
            lastSync !== null || refusedAt !== null
          )))
      deepStrictEqual(dated.map((rows) => rows.map(({ integration }) => integration)), [["linear"], [], [], [], [], []])
      yield* repo.put({ ...row, sealed: "new", configuredAt: at(3) })
      const after = Option.getOrThrow(yield* repo.find(acme, "linear"))
      deepStrictEqual([after.sealed, after.refusedAt, after.lastSync], ["new", null, at(2)])
      for (const orgId of neighbours.slice(1)) {
        assert.strictEqual(Option.getOrThrow(yield* repo.find(orgId, "linear")).sealed, sealedOf(orgId))
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("a refusal is kept only for the config that was refused", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      yield* put(acme)
      const old = Option.getOrThrow(yield* repo.find(acme, "linear"))
      yield* repo.put({ ...old, sealed: "new" })
      yield* repo.setRefused(old, Option.some(at(1)))
      assert.isNull(Option.getOrThrow(yield* repo.find(acme, "linear")).refusedAt)
    }).pipe(Effect.provide(Memory)))

  it.effect("withIntegration gives the latest configured, of this integration, and no more than asked for", () =>
    Effect.gen(function*() {
      const repo = yield* IntegrationsRepo
      for (const [index, orgId] of neighbours.entries()) {
        yield* repo.put({ orgId, integration: "sentry", keyId: "k1", sealed: "s", configuredAt: at(index) })
        yield* put(orgId)
      }
      const found = yield* repo.withIntegration("sentry", 3)
      deepStrictEqual(found.map(({ orgId }) => orgId), neighbours.toReversed().slice(0, 3))
      assert.isTrue(found.every(({ integration }) => integration === "sentry"))
    }).pipe(Effect.provide(Memory)))
})

describe("channel routes of orgs side by side", () => {
  const route = { eventType: "*", channel: "slack", channelId: "C0", projectId: null, enabled: true }

  it.effect("are counted, listed, changed and removed by their own org only", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      for (const orgId of neighbours) {
        const { number } = yield* repo.add(orgId, { ...route, channelId: orgId }, at(0))
        assert.strictEqual(number, 1)
      }
      yield* repo.change(acme, 1, { enabled: false, channelId: "changed" })
      assert.isTrue(yield* repo.remove(globex, 1))
      assert.isFalse(yield* repo.remove(globex, 1))
      assert.isTrue(Option.isNone(yield* repo.change(globex, 1, { enabled: false })))
      const all = yield* Effect.forEach(neighbours, (orgId) => repo.list(orgId))
      deepStrictEqual(
        all.map((rows) => rows.map(({ channelId, enabled }) => [channelId, enabled])),
        [[["changed", false]], [], ...neighbours.slice(2).map((orgId) => [[orgId, true]])]
      )
    }).pipe(Effect.provide(Memory)))
})

describe("events, agents and keys of orgs side by side", () => {
  const event = (orgId: OrgId, id = "evt-1") =>
    new EventRow({
      orgId,
      id,
      source: "sentry",
      type: "sentry.issue.created",
      dedupKey: "same",
      projectId: null,
      agentId: null,
      title: "t",
      text: null,
      url: null,
      severity: "error",
      state: "open",
      groupKey: null,
      body: "{}",
      dataPath: "data",
      occurredAt: at(0),
      receivedAt: at(0)
    })

  it.effect("an event is known to its own org only", () =>
    Effect.gen(function*() {
      const repo = yield* EventsRepo
      for (const [index, orgId] of neighbours.entries()) {
        assert.isTrue(Option.isNone(yield* repo.find(orgId, "same")))
        assert.isTrue(Option.isSome(yield* repo.insert(event(orgId, `evt-${index}`))))
        assert.isTrue(Option.isNone(yield* repo.insert(event(orgId, "evt-again"))))
      }
      for (const [index, orgId] of neighbours.entries()) {
        assert.strictEqual(Option.getOrThrow(yield* repo.find(orgId, "same")).id, `evt-${index}`)
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("an agent is its own org's, also under another's id", () =>
    Effect.gen(function*() {
      const repo = yield* AgentsRepo
      for (const [index, orgId] of neighbours.entries()) {
        assert.strictEqual(yield* repo.assure(orgId, "proj-001", `agent-${index}`, at(0)), `agent-${index}`)
      }
      for (const [index, orgId] of neighbours.entries()) {
        assert.strictEqual(yield* repo.assure(orgId, "proj-001", "agent-new", at(1)), `agent-${index}`)
        assert.strictEqual(yield* repo.assure(orgId, "proj-002", "agent-second", at(1)), "agent-second")
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("a key stands for its own org's request", () =>
    Effect.gen(function*() {
      const repo = yield* IdempotentAnswersRepo
      const row = (orgId: OrgId, requestHash: string) =>
        new IdempotentAnswerRow({
          orgId,
          operation: "o",
          idempotencyKey: "k",
          requestHash,
          holder: requestHash,
          heldUntil: at(1),
          status: null,
          body: null,
          createdAt: at(0)
        })
      const claim = (orgId: OrgId, requestHash: string) =>
        Effect.map(repo.claim(row(orgId, requestHash), at(0)), (found) => found.requestHash)
      for (const orgId of neighbours) assert.strictEqual(yield* claim(orgId, orgId), orgId)
      for (const orgId of neighbours) assert.strictEqual(yield* claim(orgId, "other"), orgId)
      yield* repo.answer(row(acme, acme), 200, "{}")
      yield* repo.forget(row(globex, globex))
      assert.strictEqual((yield* repo.claim(row(acme, "other"), at(0))).status, 200)
      for (const orgId of neighbours.slice(2)) assert.isNull((yield* repo.claim(row(orgId, "other"), at(0))).status)
    }).pipe(Effect.provide(Memory)))
})
