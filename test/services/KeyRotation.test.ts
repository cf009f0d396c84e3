import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Chunk, DateTime, Effect, Fiber, Layer, Option, Redacted, Stream, TestClock } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { SealedRepo } from "../../src/persistence/SealedRepo.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { KeyRotation } from "../../src/services/KeyRotation.ts"
import { endpointOwner, Vault } from "../../src/services/Vault.ts"
import { columns } from "../fakes/schema.ts"
import { acme, environment, globex, Memory, org, Platform } from "../fakes/Storage.ts"

const key = (id: string) => `${id}:${Buffer.alloc(32, id).toString("base64")}`

/** The service's half and the rotation's, over the same database, with these keys. */
const ring = (...ids: ReadonlyArray<string>) =>
  KeyRotation.Default.pipe(
    Layer.provideMerge(Vault.Default),
    Layer.provide(Layer.fresh(Keyring.layer)),
    Layer.provide(environment({ ENCRYPTION_KEYS: ids.map(key).join(",") })),
    Layer.provide(Platform)
  )

const textOf = (orgId: OrgId, integration: string) => `of ${orgId} ${integration}`

const configure = (orgId: OrgId, integration: string, text = textOf(orgId, integration)) =>
  Effect.gen(function*() {
    const sealed = yield* (yield* Vault).seal({ orgId, integration }, Redacted.make(text))
    yield* (yield* IntegrationsRepo).put({ orgId, integration, configuredAt: DateTime.unsafeMake(0), ...sealed })
  })

const opened = (orgId: OrgId, integration: string) =>
  Effect.gen(function*() {
    const row = Option.getOrThrow(yield* (yield* IntegrationsRepo).find(orgId, integration))
    return { keyId: row.keyId, text: Redacted.value(yield* (yield* Vault).open(row, row)) }
  })

const secret = "whsec_of-an-agent"

const setEndpoint = (orgId: OrgId, id: string) =>
  Effect.gen(function*() {
    const sealed = yield* (yield* Vault).seal(endpointOwner(orgId, id), Redacted.make(secret))
    const agents = yield* AgentsRepo
    yield* agents.assure(orgId, id, id, DateTime.unsafeMake(0))
    yield* agents.setEndpoint(orgId, id, { url: "https://a.test", ...sealed })
  })

/** Runs to its end, its pauses left out. */
const rotated = Effect.gen(function*() {
  const { rotate } = yield* KeyRotation
  const running = yield* Effect.fork(Stream.runCollect(rotate))
  yield* Effect.repeat(TestClock.adjust("10 millis"), { until: () => Effect.map(Fiber.poll(running), Option.isSome) })
  const batches = Chunk.toReadonlyArray(yield* Fiber.join(running))
  return {
    rotated: batches.reduce((sum, { rotated }) => sum + rotated, 0),
    changed: batches.reduce((sum, { changed }) => sum + changed, 0),
    unopenable: batches.flatMap(({ unopenable }) => unopenable.map(({ message }) => message))
  }
})

const uses = Effect.flatMap(KeyRotation, ({ uses }) => uses)

describe("a rotation", () => {
  it.effect("brings every sealed value under the first key, and each opens as before", () =>
    Effect.gen(function*() {
      const orgs = Array.from({ length: 120 }, (_, index) => org(`org-${index}`))
      yield* Effect.gen(function*() {
        for (const orgId of orgs) yield* Effect.zipRight(configure(orgId, "linear"), configure(orgId, "sentry"))
        yield* setEndpoint(acme, "agent-incident-aaaaaa")
        yield* setEndpoint(globex, "agent-incident-aaaaaa")
      }).pipe(Effect.provide(ring("old")))
      yield* Effect.gen(function*() {
        yield* configure(acme, "linear")
        deepStrictEqual(yield* uses, [
          { id: "new", use: "encrypts", values: 1 },
          { id: "old", use: "decrypts", values: 242 }
        ])
        deepStrictEqual(yield* rotated, { rotated: 242, changed: 0, unopenable: [] })
        deepStrictEqual(yield* rotated, { rotated: 0, changed: 0, unopenable: [] })
      }).pipe(Effect.provide(ring("new", "old")))
      // Without the old key at all.
      yield* Effect.gen(function*() {
        for (const orgId of [...orgs, acme]) {
          deepStrictEqual(yield* opened(orgId, "linear"), { keyId: "new", text: textOf(orgId, "linear") })
        }
        for (const orgId of [acme, globex]) {
          const { endpointKeyId, endpointSealed } = Option.getOrThrow(
            yield* (yield* AgentsRepo).find(orgId, "agent-incident-aaaaaa")
          )
          const sealed = { keyId: endpointKeyId ?? "", sealed: endpointSealed ?? "" }
          const owner = endpointOwner(orgId, "agent-incident-aaaaaa")
          assert.strictEqual(Redacted.value(yield* (yield* Vault).open(owner, sealed)), secret)
        }
        deepStrictEqual(yield* uses, [{ id: "new", use: "encrypts", values: 243 }])
      }).pipe(Effect.provide(ring("new")))
    }).pipe(Effect.provide(Memory)))

  it.effect("names key and org of what it cannot open, shows no data, and goes on with the others", () =>
    Effect.gen(function*() {
      yield* Effect.provide(configure(acme, "linear"), ring("lost"))
      yield* Effect.provide(configure(globex, "linear"), ring("old"))
      yield* Effect.provide(setEndpoint(globex, "agent-incident-aaaaaa"), ring("lost"))
      yield* Effect.gen(function*() {
        deepStrictEqual(yield* rotated, {
          rotated: 1,
          changed: 0,
          unopenable: [
            "The linear config of org-acme-corp does not open with key lost: the key is not in ENCRYPTION_KEYS",
            "The agent:agent-incident-aaaaaa config of org-globex does not open with key lost: the key is not in ENCRYPTION_KEYS"
          ]
        })
        deepStrictEqual(yield* uses, [
          { id: "new", use: "encrypts", values: 1 },
          { id: "old", use: "decrypts", values: 0 },
          { id: "lost", use: "missing", values: 2 }
        ])
      }).pipe(Effect.provide(ring("new", "old")))
    }).pipe(Effect.provide(Memory)))

  it.effect("overwrites nothing that was configured or forgotten between its reading and its writing", () =>
    Effect.gen(function*() {
      yield* Effect.provide(
        Effect.forEach(["linear", "sentry", "pagerduty"], (integration) => configure(acme, integration)),
        ring("old")
      )
      const repo = yield* SealedRepo
      const integrations = yield* IntegrationsRepo
      const meanwhile = Effect.zipRight(
        configure(acme, "linear", "configured meanwhile"),
        integrations.remove(acme, "sentry")
      )
      const service = yield* Layer.build(Layer.merge(ring("new", "old"), Layer.succeed(IntegrationsRepo, integrations)))
      const interfering = Layer.succeed(
        SealedRepo,
        SealedRepo.make({
          ...repo,
          replace: (place, values) =>
            Effect.zipRight(
              place === "integrations" ? Effect.provide(meanwhile, service) : Effect.void,
              repo.replace(place, values)
            )
        })
      )
      yield* Effect.gen(function*() {
        deepStrictEqual(yield* rotated, { rotated: 1, changed: 2, unopenable: [] })
        deepStrictEqual(yield* opened(acme, "linear"), { keyId: "new", text: "configured meanwhile" })
        assert.isTrue(Option.isNone(yield* integrations.find(acme, "sentry")))
        deepStrictEqual(yield* opened(acme, "pagerduty"), { keyId: "new", text: textOf(acme, "pagerduty") })
      }).pipe(Effect.provide(Layer.provide(ring("new", "old"), interfering)))
    }).pipe(Effect.scoped, Effect.provide(Memory)))

  it.effect("covers every column that holds something sealed", () =>
    Effect.gen(function*() {
      const sealed = (yield* columns).filter(({ column }) => /sealed|key_id/.test(column))
      deepStrictEqual(sealed.map(({ column, table }) => `${table}.${column}`), [
        "incident_agents.endpoint_key_id",
        "incident_agents.endpoint_sealed",
        "integrations.key_id",
        "integrations.sealed"
      ])
    }).pipe(Effect.provide(Memory)))
})
