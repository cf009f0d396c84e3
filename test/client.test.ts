import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { makeClient, makeFetchClient, withIdempotencyKey } from "../src/client.ts"
import { importsOf, reach } from "./http/imports.ts"
import { Faked, newOrg, Service } from "./http/service.ts"

const clientOf = (orgId: string) =>
  Effect.flatMap(Service, ({ url }) => makeClient({ baseUrl: url, orgId })).pipe(Effect.provide(FetchHttpClient.layer))

layer(Faked())("the client", (it) => {
  it.effect("has a typed method for each operation", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(yield* newOrg)
      const configured = yield* client.integrations.configure({
        payload: { integration: "linear", config: { apiKey: Redacted.make("lin_api_sandbox") } },
        urlParams: { verify: "true" }
      }).pipe(Effect.either)
      assert.strictEqual(configured._tag, "Right")
      const { teams } = yield* client.linear.teams()
      assert.deepStrictEqual(teams.map(({ issueCount, key }) => [key, issueCount]), [["ENG", 142], ["PLT", 87]])
      const route = yield* client.channelRoutes.create({
        payload: { eventType: "sentry.*", channel: "slack", channelId: "C0ERRORS" }
      })
      assert.strictEqual(route.id, "route-001")
      assert.isTrue(DateTime.isDateTime(route.createdAt))
      assert.isNull(route.projectId)
      assert.deepStrictEqual((yield* client.health.live()).status, "ok")
    }))

  it.effect("fails with the API's errors by their tags", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(yield* newOrg)
      const missing = yield* client.channelRoutes.remove({ path: { id: "route-009" } }).pipe(
        Effect.map(() => "deleted"),
        Effect.catchTag("RouteNotFound", ({ code, message, status }) => Effect.succeed(`${status} ${code} ${message}`))
      )
      assert.strictEqual(missing, "404 ROUTE_NOT_FOUND Channel route not found")
      const unconfigured = yield* client.pagerduty.oncall().pipe(
        Effect.map(() => "on call"),
        Effect.catchTag("IntegrationNotConfigured", ({ message }) => Effect.succeed(message))
      )
      assert.strictEqual(unconfigured, "PagerDuty integration is not configured")
      const malformed = yield* Effect.flip(Effect.flatMap(clientOf("../.."), (other) => other.integrations.status()))
      assert.strictEqual(malformed._tag, "OrgIdInvalid")
    }))

  it.effect("acts for its own organisation only", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* clientOf(yield* newOrg), yield* clientOf(yield* newOrg)]
      yield* a.channelRoutes.create({ payload: { eventType: "*", channel: "slack", channelId: "C" } })
      assert.lengthOf((yield* a.channelRoutes.list()).routes, 1)
      assert.lengthOf((yield* b.channelRoutes.list()).routes, 0)
    }))

  it.effect("sends a key under which a call is made once", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(yield* newOrg)
      const create = client.channelRoutes.create({ payload: { eventType: "*", channel: "slack", channelId: "C" } })
      const first = yield* withIdempotencyKey("key-1")(create)
      assert.deepStrictEqual(yield* withIdempotencyKey("key-1")(create), first)
      assert.strictEqual((yield* withIdempotencyKey("key-2")(create)).id, "route-002")
      assert.strictEqual((yield* create).id, "route-003")
      const other = client.channelRoutes.create({ payload: { eventType: "*", channel: "slack", channelId: "D" } })
      assert.strictEqual((yield* Effect.flip(withIdempotencyKey("key-1")(other)))._tag, "IdempotencyConflict")
    }))

  it.effect("also comes with fetch at hand", () =>
    Effect.gen(function*() {
      const { url } = yield* Service
      const client = yield* makeFetchClient({ baseUrl: url, orgId: yield* newOrg })
      assert.lengthOf((yield* client.integrations.status()).integrations, 4)
    }))

  it.effect("brings no server code", () =>
    Effect.sync(() => {
      const files = reach("client.ts")
      assert.isAbove(files.size, 15)
      const server = /^(?:http|services|persistence|sandbox|upstream|testing)\/|^(?:App|main|Config)\.ts$|live\.ts$/
      assert.deepStrictEqual([...files].filter((file) => server.test(file)), [])
      const packages = new Set(
        [...files].flatMap((file) => importsOf(file)).filter(({ file }) => file === undefined)
          .map(({ specifier }) => specifier)
      )
      assert.sameMembers([...packages], ["effect", "@effect/platform"])
    }))
})
