import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, FastCheck, Option } from "effect"
import type { OrgId } from "../../src/domain/Ids.ts"
import { ChannelRouteRow, ChannelRoutesRepo, type ListedRoute } from "../../src/persistence/ChannelRoutesRepo.ts"
import { freeDisk, fullDisk } from "../fakes/fullDisk.ts"
import { acme, globex, Memory } from "../fakes/Storage.ts"

const createdAt = DateTime.unsafeMake("2026-03-21T14:00:00.123Z")
const route = { eventType: "sentry.*", channel: "slack", channelId: "C0", projectId: null, enabled: true }

type Route = Parameters<ChannelRoutesRepo["add"]>[1]
type Change = Partial<Pick<Route, "eventType" | "channelId" | "projectId" | "enabled">>
type Operation =
  | { readonly do: "add"; readonly orgId: OrgId; readonly route: Route }
  | { readonly do: "change"; readonly orgId: OrgId; readonly number: number; readonly to: Change }
  | { readonly do: "remove"; readonly orgId: OrgId; readonly number: number }

const orgId = FastCheck.constantFrom(acme, globex)
const number = FastCheck.integer({ min: 0, max: 8 })
const text = FastCheck.oneof(
  FastCheck.constantFrom("*", "C0", "", "'; DROP TABLE channel_routes; --"),
  FastCheck.string()
)
  .map((text) => text.replaceAll("\0", ""))
const projectId = FastCheck.option(text)

const operation: FastCheck.Arbitrary<Operation> = FastCheck.oneof(
  FastCheck.record({
    do: FastCheck.constant("add" as const),
    orgId,
    route: FastCheck.record({
      eventType: text,
      channel: FastCheck.constantFrom("slack", "discord"),
      channelId: text,
      projectId,
      enabled: FastCheck.boolean()
    })
  }),
  FastCheck.record({
    do: FastCheck.constant("change" as const),
    orgId,
    number,
    to: FastCheck.record({ eventType: text, channelId: text, projectId, enabled: FastCheck.boolean() }, {
      requiredKeys: [],
      noNullPrototype: true
    })
  }),
  FastCheck.record({ do: FastCheck.constant("remove" as const), orgId, number })
)

/** What the routes of an org are, in the simplest words. */
interface Model {
  readonly last: number
  readonly routes: ReadonlyArray<Route & { readonly number: number }>
}

/** The model after an operation, and what the operation answers. */
const step = (model: Model, operation: Operation): readonly [Model, unknown] => {
  if (operation.do === "add") {
    const number = model.last + 1
    return [{ last: number, routes: [...model.routes, { ...operation.route, number }] }, number]
  }
  const found = model.routes.find(({ number }) => number === operation.number)
  if (operation.do === "remove") {
    return [{ ...model, routes: model.routes.filter((route) => route !== found) }, found !== undefined]
  }
  if (found === undefined) return [model, null]
  const changed = { ...found, ...operation.to }
  return [{ ...model, routes: model.routes.map((route) => route === found ? changed : route) }, changed]
}

const plain = ({ channel, channelId, enabled, eventType, number, projectId }: ListedRoute) => ({
  eventType,
  channel,
  channelId,
  projectId,
  enabled,
  number
})

const perform = (repo: ChannelRoutesRepo, operation: Operation): Effect.Effect<unknown> => {
  switch (operation.do) {
    case "add":
      return Effect.map(repo.add(operation.orgId, operation.route, createdAt), ({ number }) => number)
    case "change":
      return Effect.map(
        repo.change(operation.orgId, operation.number, operation.to),
        (found) => Option.getOrNull(Option.map(found, plain))
      )
    case "remove":
      return repo.remove(operation.orgId, operation.number)
  }
}

const fresh: Model = { last: 0, routes: [] }

describe("ChannelRoutesRepo", () => {
  it.effect.prop(
    "does what its model does",
    [FastCheck.array(operation, { maxLength: 30 })],
    ([operations]) =>
      Effect.gen(function*() {
        const repo = yield* ChannelRoutesRepo
        const models = new Map([[acme, fresh], [globex, fresh]])
        for (const operation of operations) {
          const [next, expected] = step(models.get(operation.orgId) ?? fresh, operation)
          models.set(operation.orgId, next)
          deepStrictEqual(yield* perform(repo, operation), expected)
        }
        for (const [orgId, { routes }] of models) {
          deepStrictEqual((yield* repo.list(orgId)).map(plain), [...routes])
        }
      }).pipe(Effect.provide(Memory)),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect("keeps a route as it was given", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      const added = yield* repo.add(acme, { ...route, projectId: "Größe 🔥 'x'" }, createdAt)
      assert.instanceOf(added, ChannelRouteRow)
      deepStrictEqual(yield* repo.list(acme), [plain(added)])
      deepStrictEqual(added.createdAt, createdAt)
    }).pipe(Effect.provide(Memory)))

  it.effect("a hundred at once get a hundred numbers, for each org from 1", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      const added = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index % 2 === 0 ? acme : globex),
        (orgId) => repo.add(orgId, route, createdAt),
        { concurrency: "unbounded" }
      )
      const expected = Array.from({ length: 100 }, (_, index) => index + 1)
      for (const orgId of [acme, globex]) {
        const numbers = added.filter((row) => row.orgId === orgId).map(({ number }) => number)
        deepStrictEqual(numbers.toSorted((a, b) => a - b), expected)
        deepStrictEqual((yield* repo.list(orgId)).map(({ number }) => number), expected)
      }
    }).pipe(Effect.provide(Memory)))

  it.effect("a number that was removed does not come again, also when it was the last", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      const add = Effect.map(repo.add(acme, route, createdAt), ({ number }) => number)
      yield* Effect.all([add, add])
      yield* repo.remove(acme, 2)
      assert.strictEqual(yield* add, 3)
      yield* Effect.all([repo.remove(acme, 1), repo.remove(acme, 3)])
      assert.strictEqual(yield* add, 4)
    }).pipe(Effect.provide(Memory)))

  it.effect("a route that could not be stored costs no number", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      yield* fullDisk("channel_routes", "INSERT")
      assert.strictEqual((yield* Effect.exit(repo.add(acme, route, createdAt)))._tag, "Failure")
      yield* freeDisk("channel_routes")
      assert.strictEqual((yield* repo.add(acme, route, createdAt)).number, 1)
    }).pipe(Effect.provide(Memory)))

  it.effect("changes at once are all kept", () =>
    Effect.gen(function*() {
      const repo = yield* ChannelRoutesRepo
      yield* repo.add(acme, route, createdAt)
      yield* Effect.all([
        repo.change(acme, 1, { eventType: "deploy.*" }),
        repo.change(acme, 1, { channelId: "C1" }),
        repo.change(acme, 1, { projectId: "proj-001" }),
        repo.change(acme, 1, { enabled: false })
      ], { concurrency: "unbounded" })
      deepStrictEqual((yield* repo.list(acme)).map(plain), [
        { eventType: "deploy.*", channel: "slack", channelId: "C1", projectId: "proj-001", enabled: false, number: 1 }
      ])
    }).pipe(Effect.provide(Memory)))
})
