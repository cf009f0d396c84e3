import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Duration, Effect, FastCheck, Layer, Schema, TestClock } from "effect"
import { AgentEndpoints } from "../../src/alerts/AgentEndpoints.ts"
import { Inbox } from "../../src/alerts/Inbox.ts"
import { Incident } from "../../src/domain/Agent.ts"
import { Networked } from "../fakes/Outbound.ts"
import { acme } from "../fakes/Storage.ts"
import { json, sent } from "../fakes/Upstream.ts"
import { at } from "../http/ask.ts"
import { given, push, scripted, secret, setEndpoint, Stored, url } from "./endpoints.ts"
import { receiver, today, verified } from "./receiver.ts"

/** Endpoints over real HTTP. */
const Real = AgentEndpoints.Default.pipe(
  Layer.provide(Networked({ OUTBOUND_ALLOW: "http://127.0.0.1" })),
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
})
