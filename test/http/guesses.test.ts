import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiSchema,
  HttpClient,
  HttpClientRequest,
  HttpServerRequest
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, flow, Layer, Ref, Schema, TestClock } from "effect"
import { guesses } from "../../src/http/guesses.ts"
import { requestId } from "../../src/http/requestId.ts"
import { RateLimits } from "../../src/services/RateLimits.ts"
import { environment } from "../fakes/Storage.ts"

class Unauthorized extends Schema.TaggedError<Unauthorized>()(
  "Unauthorized",
  {},
  HttpApiSchema.annotations({ status: 401 })
) {}

const api = HttpApi.make("guarded").add(
  HttpApiGroup.make("all")
    .add(HttpApiEndpoint.get("guarded", "/api/guarded").addSuccess(Schema.String).addError(Unauthorized))
    .add(HttpApiEndpoint.get("open", "/open").addSuccess(Schema.String))
    .add(HttpApiEndpoint.post("hook", "/api/webhooks/any").addSuccess(Schema.String))
)

const tokens = Ref.unsafeMake<ReadonlySet<string>>(new Set(["Bearer good", "Bearer other"]))
const looked = Ref.unsafeMake(0)

/** An API that lets in who has a good token, as the middleware sees it. */
const Guarded = HttpApiBuilder.serve().pipe(
  // Refusals are written into the request's facts, which it brings.
  Layer.provide(HttpApiBuilder.middleware(Effect.map(guesses, (guesses) => flow(guesses, requestId)))),
  Layer.provide(HttpApiBuilder.api(api)),
  Layer.provide(HttpApiBuilder.group(api, "all", (handlers) =>
    handlers
      .handle("guarded", () =>
        Effect.gen(function*() {
          yield* Ref.update(looked, (count) => count + 1)
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          if (!(yield* Ref.get(tokens)).has(headers["authorization"] ?? "")) return yield* new Unauthorized()
          return "in"
        }))
      .handle("open", () => Effect.succeed("open"))
      .handle("hook", () => Effect.succeed("hook")))),
  Layer.provide(RateLimits.Default),
  Layer.provide(environment({ FAILURE_RATE_LIMIT: "1/s burst 5" })),
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const ask = (token: string | undefined, path = "/api/guarded", method: "GET" | "POST" = "GET") =>
  HttpClientRequest.make(method)(path, token === undefined ? {} : { headers: { authorization: token } }).pipe(
    HttpClient.execute,
    Effect.map(({ headers, status }) => ({ status, retryAfter: headers["retry-after"] }))
  )

const statuses = (token: string | undefined, count: number) =>
  Effect.map(Effect.replicateEffect(ask(token), count), (answers) => answers.map(({ status }) => status))

layer(Guarded)("tokens that are refused", (it) => {
  it.effect("are not looked at any more from an address where too many were, but those that were good before are", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("Bearer good")).status, 200)
      assert.deepStrictEqual(yield* statuses("Bearer guess", 5), [401, 401, 401, 401, 401])
      const before = yield* Ref.get(looked)
      assert.deepStrictEqual(yield* ask("Bearer guess"), { status: 429, retryAfter: "1" })
      assert.strictEqual((yield* ask("Bearer other")).status, 429)
      assert.strictEqual(yield* Ref.get(looked), before)
      assert.strictEqual((yield* ask("Bearer good")).status, 200)
      // Who sends no token guesses none.
      assert.deepStrictEqual(yield* statuses(undefined, 10), Array.from({ length: 10 }, () => 401))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* ask("Bearer other")).status, 200)
    }))

  it.effect("are not taken for good where nobody looked at them", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("10 seconds")
      for (const [path, method] of [["/open", "GET"], ["/api/webhooks/any", "POST"]] as const) {
        assert.strictEqual((yield* ask("Bearer warm", path, method)).status, 200)
      }
      yield* statuses("Bearer guess", 5)
      assert.strictEqual((yield* ask("Bearer warm")).status, 429)
    }))

  it.effect("are none that were good before: once revoked, they count like any other", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* ask("Bearer good")).status, 200)
      yield* Ref.set(tokens, new Set(["Bearer other"]))
      assert.deepStrictEqual(yield* statuses("Bearer good", 6), [401, 401, 401, 401, 401, 429])
    }))
})
