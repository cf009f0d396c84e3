import { HttpApi, HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Option, Redacted } from "effect"
import { Api } from "../../src/api/Api.ts"
import { Authentication } from "../../src/api/Caller.ts"
import { CurrentOrg, OrgAccess } from "../../src/api/Org.ts"
import { AuthenticationLive } from "../../src/http/Authentication.ts"
import { currentOperation } from "../../src/http/operations.ts"
import { OrgAccessLive } from "../../src/http/Org.ts"
import { type Facts, RequestFacts } from "../../src/http/RequestFacts.ts"
import { TokenCheck } from "../../src/services/TokenCheck.ts"
import { Tokens } from "../../src/services/Tokens.ts"
import { acme, environment, globex, Memory } from "../fakes/Storage.ts"

const endpoints = (() => {
  const found: Array<{ name: string; method: Parameters<typeof HttpRouter.makeRoute>[0]; path: `/${string}` }> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) =>
      void found.push({ name: `${group.identifier}.${endpoint.name}`, method: endpoint.method, path: endpoint.path })
  })
  return found
})()

/** The request has come as far as this route. */
const routed = ({ method, path }: Pick<typeof endpoints[number], "method" | "path">): HttpRouter.RouteContext => ({
  [HttpRouter.RouteContextTypeId]: HttpRouter.RouteContextTypeId,
  params: {},
  route: HttpRouter.makeRoute(method, path, HttpServerResponse.empty())
})

describe("the operation of a request", () => {
  it.effect("is known of every route of the API", () =>
    Effect.gen(function*() {
      assert.isAbove(endpoints.length, 30)
      for (const endpoint of endpoints) {
        const { name } = yield* Effect.provideService(currentOperation, HttpRouter.RouteContext, routed(endpoint))
        assert.strictEqual(name, endpoint.name)
      }
    }))

  it.effect("is none for a route that is not of the API", () =>
    Effect.gen(function*() {
      const elsewhere = routed({ method: "GET", path: "/elsewhere" })
      const exit = yield* Effect.exit(Effect.provideService(currentOperation, HttpRouter.RouteContext, elsewhere))
      assert.isTrue(exit._tag === "Failure")
    }))
})

describe("the facts of a request", () => {
  const Services = Layer.merge(OrgAccessLive, AuthenticationLive).pipe(
    Layer.provideMerge(Layer.merge(TokenCheck.Default, Tokens.Default)),
    Layer.provide(Memory),
    Layer.provide(environment({ AUTH: "tokens" }))
  )

  /** What `POST /api/channel-routes` knows of a request with these headers, once both middlewares have seen it. */
  const known = (org: string, authorization = "") =>
    Effect.gen(function*() {
      const facts: Facts = { org: null, tokenId: null, operation: null, code: null }
      const access = yield* OrgAccess
      const authentication = yield* Authentication
      yield* access.org(Redacted.make(org)).pipe(
        Effect.flatMap((orgId) => Effect.provideService(authentication.token(Redacted.make("")), CurrentOrg, orgId)),
        Effect.provideService(RequestFacts, facts),
        Effect.provideService(HttpRouter.RouteContext, routed({ method: "POST", path: "/api/channel-routes" })),
        Effect.provideService(HttpServerRequest.ParsedSearchParams, {}),
        Effect.provideService(
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(new Request("http://x", { headers: { authorization } }))
        ),
        Effect.scoped,
        Effect.either
      )
      return facts
    })

  it.effect("are its operation, its organisation and the id of its token, as far as they were found out", () =>
    Effect.gen(function*() {
      const tokens = yield* Tokens
      const lifetime = Option.none()
      const mine = yield* tokens.create({ orgId: acme, name: "ci", scopes: ["write"], lifetime })
      const others = yield* tokens.create({ orgId: globex, name: "ci", scopes: ["write"], lifetime })
      const operation = "channelRoutes.create"
      deepStrictEqual(yield* known("../.."), { org: null, tokenId: null, operation, code: null })
      deepStrictEqual(yield* known(acme), { org: acme, tokenId: null, operation, code: null })
      for (const { bearer, token } of [mine, others]) {
        const facts = yield* known(acme, `Bearer ${Redacted.value(bearer)}`)
        deepStrictEqual(facts, { org: acme, tokenId: token.id, operation, code: null })
      }
    }).pipe(Effect.provide(Services)))
})
