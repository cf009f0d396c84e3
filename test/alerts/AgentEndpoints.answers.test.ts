import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Logger, Redacted } from "effect"
import { AgentEndpoints } from "../../src/alerts/AgentEndpoints.ts"
import { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { endpointOwner, Vault } from "../../src/services/Vault.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { type Answer, failing, json, refusal, sent, shownBy, silent, text, upstream } from "../fakes/Upstream.ts"
import { endpoint, given, push, scripted, secret, setEndpoint, Stored, to, url } from "./endpoints.ts"
import { agent, arrive } from "./inboxes.ts"

describe("a push", () => {
  it.effect("has arrived with any 2xx, whatever comes with it", () =>
    Effect.gen(function*() {
      const event = yield* given
      yield* Effect.replicateEffect(push(event), 4)
      assert.lengthOf(yield* sent, 4)
      assert.strictEqual(yield* endpoint, url)
    }).pipe(Effect.provide(scripted(
      json({ error: "no" }),
      text("<html></html>", { status: 201 }),
      text("", { status: 202 }),
      text("", { status: 204 })
    ))))

  it.effect.each([304, 400, 401, 403, 404, 405, 408, 409, 413, 422, 500, 502, 503, 504])(
    "that is answered %i is to be tried again, and is not by itself",
    (status) =>
      Effect.gen(function*() {
        const error = yield* refusal(push(yield* given))
        if (!(error instanceof UpstreamFailed)) return assert.fail(error._tag)
        deepStrictEqual([error.reason, error.details], ["unavailable", `Agent endpoint is unavailable (${status})`])
        assert.lengthOf(yield* sent, 1)
        assert.strictEqual(yield* endpoint, url)
      }).pipe(Effect.provide(scripted(text(status === 304 ? "" : url, { status }))))
  )

  it.effect("keeps to the wait that is asked for, within a delivery's life", () =>
    Effect.gen(function*() {
      const event = yield* given
      const asked = yield* Effect.replicateEffect(
        Effect.map(refusal(push(event)), (error) =>
          error._tag === "UpstreamFailed" ? [error.reason, error.retryAfterMs] : [error._tag]),
        4
      )
      deepStrictEqual(asked, [
        ["throttled", 30_000],
        ["throttled", undefined],
        ["unavailable", 60_000],
        ["throttled", 86_400_000]
      ])
      assert.lengthOf(yield* sent, 4)
    }).pipe(Effect.provide(scripted(
      text("", { status: 429, headers: { "retry-after": "30" } }),
      text("", { status: 429 }),
      text("", { status: 503, headers: { "retry-after": "60" } }),
      text("", { status: 429, headers: { "retry-after": "9".repeat(18) } })
    ))))

  it.effect("that finds nobody, or no answer in time, is to be tried again", () =>
    Effect.gen(function*() {
      const event = yield* given
      const reasons = yield* Effect.replicateEffect(
        Effect.map(refusal(push(event)), (error) => error._tag === "UpstreamFailed" ? error.reason : error._tag),
        3
      )
      deepStrictEqual(reasons, ["unreachable", "unreachable", "timeout"])
      assert.lengthOf(yield* sent, 3)
    }).pipe(Effect.provide(scripted(failing("ECONNREFUSED"), failing("ECONNRESET"), silent))))

  it.effect("that is answered 410 is refused for good, and so are those after it", () =>
    Effect.gen(function*() {
      const event = yield* given
      const refused = [yield* refusal(push(event)), yield* refusal(push(event, "dlv-2"))]
      deepStrictEqual(refused.map(({ _tag, details }) => [_tag, details]), [
        ["UpstreamRejected", "The endpoint answered 410 Gone and was removed"],
        ["UpstreamRejected", "The agent has no endpoint any more"]
      ])
      assert.isNull(yield* endpoint)
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.provide(scripted(text("", { status: 410 })))))

  it.effect("that is answered 410 leaves alone an endpoint that was set meanwhile", () =>
    Effect.gen(function*() {
      const event = yield* given
      const context = yield* Effect.context<Layer.Layer.Success<typeof Stored>>()
      const gone: Answer = (request) =>
        Effect.zipRight(
          Effect.provide(setEndpoint("https://new.acme.test/"), context),
          text("", { status: 410 })(request)
        )
      const error = yield* Effect.flip(push(event)).pipe(
        Effect.provide(AgentEndpoints.Default.pipe(Layer.provide(upstream([gone]))))
      )
      assert.instanceOf(error, UpstreamRejected)
      assert.strictEqual(yield* endpoint, "https://new.acme.test/")
    }).pipe(Effect.provide(Stored)))

  it.effect("needs an endpoint, of this agent and this organisation, and an entry in its inbox", () =>
    Effect.gen(function*() {
      const event = yield* given
      yield* agent("a", globex)
      yield* agent("b")
      const details = yield* Effect.forEach(
        [
          push(event, "dlv-1", { ...to, orgId: globex }),
          push(event, "dlv-1", { ...to, channelId: "b" }),
          push(event, "dlv-1", { ...to, channelId: "nobody" }),
          push(yield* arrive("b", "e2"))
        ],
        (one) => Effect.map(refusal(one), (error) => [error._tag, error.details])
      )
      const none = ["UpstreamRejected", "The agent has no endpoint any more"]
      deepStrictEqual(details, [
        none,
        none,
        none,
        ["UpstreamRejected", "The incident is not in the inbox any more"]
      ])
      deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(scripted())))

  it.effect.each<readonly [what: string, answer: Answer]>([
    ["no connection", failing("ECONNREFUSED")],
    ["an unknown transport failure", failing(url)],
    ["silence", silent],
    ["a refusal in words", json({ message: `${url} ${secret}` }, { status: 400 })],
    ["an end", text(`${url} ${secret}`, { status: 410 })],
    ["throttling", json({ error: url }, { status: 429, headers: { "retry-after": "60" } })],
    ["a redirect", text(url, { status: 302, headers: { location: url } })]
  ])("that ends with %s shows neither URL nor secret", ([, answer]) =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ annotations, cause, message }) => {
          logged.push(String(message), String(cause), JSON.stringify([...annotations]))
        })
      )
      const error = yield* refusal(push(yield* given)).pipe(
        Effect.tap((error) => Effect.logError(error.message, error)),
        Effect.provide(logger)
      )
      for (const shown of [shownBy(error), logged.join("\n")]) {
        for (const hidden of ["cAnArY", "acme.test", secret, secret.slice(6)]) assert.notInclude(shown, hidden)
      }
    }).pipe(Effect.provide(scripted(answer))))

  it.effect("with a secret that does not open is our own fault, and is not sent", () =>
    Effect.gen(function*() {
      const event = yield* given
      const sealed = yield* (yield* Vault).seal(endpointOwner(acme, "b"), Redacted.make(secret))
      yield* (yield* AgentsRepo).setEndpoint(acme, "a", { url, ...sealed })
      const exit = yield* Effect.exit(Effect.catchAll(push(event), () => Effect.void))
      assert.strictEqual(exit._tag, "Failure")
      deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(scripted())))
})
