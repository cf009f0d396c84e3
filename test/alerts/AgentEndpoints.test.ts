import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Duration, Effect, FastCheck, Layer, Logger, Option, Schema, TestClock } from "effect"
import { AgentEndpoints, endpointOwner } from "../../src/alerts/AgentEndpoints.ts"
import { Inbox } from "../../src/alerts/Inbox.ts"
import { Incident } from "../../src/domain/Agent.ts"
import { agentChannel, type Destination } from "../../src/domain/Delivery.ts"
import { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import type { EventRow } from "../../src/persistence/EventsRepo.ts"
import { Vault } from "../../src/services/Vault.ts"
import { Upstream } from "../../src/upstream/Upstream.ts"
import { acme, EphemeralVault, globex } from "../fakes/Storage.ts"
import { type Answer, failing, json, refusal, sent, shownBy, silent, text, upstream } from "../fakes/Upstream.ts"
import { at } from "../http/ask.ts"
import { agent, arrive, Tables } from "./inboxes.ts"
import { receiver, today, verified } from "./receiver.ts"

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`
const url = "https://agents.acme.test/hooks/cAnArY-0123456789?key=cAnArY"
const to: Destination = { orgId: acme, channel: agentChannel, channelId: "a" }

const Stored = Inbox.Default.pipe(Layer.provideMerge(Tables), Layer.provideMerge(EphemeralVault))

/** Endpoints that answer as the script says. */
const scripted = (...script: ReadonlyArray<Answer>) =>
  AgentEndpoints.Default.pipe(Layer.provideMerge(upstream(script)), Layer.provideMerge(Stored))

const setEndpoint = (endpoint: string, signedWith = secret) =>
  Effect.gen(function*() {
    const sealed = yield* (yield* Vault).seal(endpointOwner(acme, "a"), signedWith)
    yield* (yield* AgentsRepo).setEndpoint(acme, "a", { url: endpoint, ...sealed })
  })

const endpoint = Effect.map(
  Effect.flatMap(AgentsRepo, (repo) => repo.find(acme, "a")),
  (found) => Option.getOrThrow(found).endpointUrl
)

const body = "{\"data\":{\"issue\":{\"title\":\"Größe \\ud83d\\ude00\",\"deep\":[1.50,null,{}]}}}"

/** An agent that has an endpoint and one incident. */
const given = Effect.gen(function*() {
  yield* agent("a")
  yield* setEndpoint(url)
  return yield* arrive("a", "e1", { body })
})

const push = (event: EventRow, deliveryId = "dlv-1", destination = to) =>
  Effect.flatMap(AgentEndpoints, (endpoints) => endpoints.push(destination, { deliveryId, event }))

/** Endpoints over real HTTP. */
const Real = AgentEndpoints.Default.pipe(
  Layer.provide(Layer.orDie(Upstream.Default)),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provideMerge(Stored)
)

describe("a push", () => {
  it.scoped("is what the published package verifies, and holds the incident as the inbox does", () =>
    Effect.gen(function*() {
      yield* today
      const { origin, received } = yield* receiver(202)
      const event = yield* given
      yield* setEndpoint(`${origin}/hooks?key=1`)
      deepStrictEqual(yield* push(event), { pauseMs: 0 })
      const [one] = received
      if (one === undefined || received.length > 1) return assert.fail("not one request")
      const { incidents } = yield* (yield* Inbox).read(acme, "a", { after: null, limit: 1, wait: Duration.zero })
      const [inInbox] = yield* Schema.encode(Schema.Array(Incident))(incidents)
      assert.deepStrictEqual(yield* verified(secret, one), {
        type: "sentry.issue.created",
        timestamp: "2026-03-21T14:00:00Z",
        data: inInbox
      })
      assert.deepStrictEqual(inInbox?.payload, { issue: { title: "Größe 😀", deep: [1.5, null, {}] } })
      assert.strictEqual(inInbox?.id, "inc-a-1")
      assert.strictEqual(one.headers["content-type"], "application/json")
    }).pipe(Effect.provide(Real)))

  it.scoped("is not verified with another secret, nor altered, nor under another id", () =>
    Effect.gen(function*() {
      yield* today
      const { origin, received } = yield* receiver(200)
      const event = yield* given
      yield* setEndpoint(origin)
      yield* push(event)
      const [one] = received
      if (one === undefined) return assert.fail("no request")
      yield* verified(secret, one)
      const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`
      const altered = [
        { ...one, body: one.body.replace("error", "info") },
        { ...one, headers: { ...one.headers, "webhook-id": "dlv-2" } },
        { ...one, headers: { ...one.headers, "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 60) } }
      ]
      yield* Effect.flip(verified(other, one))
      for (const forged of altered) yield* Effect.flip(verified(secret, forged))
    }).pipe(Effect.provide(Real)))

  it.scoped("is not sent on to where a redirect points", () =>
    Effect.gen(function*() {
      const elsewhere = yield* receiver(200)
      const event = yield* given
      for (const status of [301, 302, 303, 307, 308]) {
        const { origin, received } = yield* receiver(status, { location: `${elsewhere.origin}/hooks` })
        yield* setEndpoint(origin)
        const error = yield* Effect.flip(push(event))
        deepStrictEqual([error._tag, error.details], [
          "UpstreamFailed",
          `Agent endpoint is unavailable (${status})`
        ])
        assert.lengthOf(received, 1)
      }
      assert.lengthOf(elsewhere.received, 0)
    }).pipe(Effect.provide(Real)))

  it.effect("keeps its id from attempt to attempt, and is signed anew for each", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_774_101_600_999)
      const event = yield* given
      yield* push(event)
      yield* TestClock.adjust("10 minutes")
      yield* push(event)
      const headers = (yield* sent).map(({ headers }) => headers)
      deepStrictEqual(headers.map((one) => [one["webhook-id"], one["webhook-timestamp"]]), [
        ["dlv-1", "1774101600"],
        ["dlv-1", "1774102200"]
      ])
      assert.match(headers[0]?.["webhook-signature"] ?? "", /^v1,[A-Za-z0-9+/]{43}=$/)
      assert.notStrictEqual(headers[0]?.["webhook-signature"], headers[1]?.["webhook-signature"])
    }).pipe(Effect.provide(scripted(json({}), json({})))))

  it.effect.prop(
    "is signed with whatever secret is allowed, with and without its prefix",
    [FastCheck.uint8Array({ minLength: 24, maxLength: 64 }), FastCheck.boolean()],
    ([bytes, prefixed]) =>
      Effect.gen(function*() {
        yield* today
        const event = yield* given
        const base64 = Buffer.from(bytes).toString("base64")
        yield* setEndpoint(url, prefixed ? `whsec_${base64}` : base64)
        yield* push(event)
        const [call] = yield* sent
        const received = { headers: { ...call?.headers }, body: JSON.stringify(call?.body) }
        assert.strictEqual(at(yield* verified(base64, received), "data", "eventId"), "e1")
      }).pipe(Effect.provide(scripted(json({})))),
    { fastCheck: { numRuns: 15 } }
  )

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
      const sealed = yield* (yield* Vault).seal(endpointOwner(acme, "b"), secret)
      yield* (yield* AgentsRepo).setEndpoint(acme, "a", { url, ...sealed })
      const exit = yield* Effect.exit(Effect.catchAll(push(event), () => Effect.void))
      assert.strictEqual(exit._tag, "Failure")
      deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(scripted())))
})
