import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { html, lying, reset, status, throttled, truncated } from "../../src/sandbox/Fault.ts"
import { sandboxCredentials } from "../../src/sandbox/seed.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { Sandbox } from "../document/sandbox.ts"
import { at } from "../http/ask.ts"
import { acme, channels, configured, emit, log, pass, places, received, route, standing } from "./alerts.ts"

const slackWith = (botToken: string) =>
  acme("POST", "/api/integrations/configure", { body: { integration: "slack", config: { botToken } } })

const texts = Effect.map(received("slack"), (messages) => messages.map(({ text }) => text))

describe("a channel that takes no messages any more", () => {
  it.effect("has its deliveries fail with the vendor's reason, at once and once", () =>
    Effect.gen(function*() {
      const { slack } = yield* StandIns
      yield* configured("slack")
      yield* route("slack", "C0OLD")
      yield* emit("One")
      yield* emit("Two")
      yield* pass(10)
      const refused = { status: "failed", lastError: "is_archived", outcomes: ["refused"] }
      assert.deepStrictEqual(yield* standing("slack"), [refused, refused])
      assert.deepStrictEqual(
        (yield* log).flatMap(({ attempts }) => attempts.map((attempt) => at(attempt, "error"))),
        ["is_archived", "is_archived"]
      )
      assert.lengthOf(yield* slack.calls, 2)
    }).pipe(Effect.provide(Sandbox)))
})

describe("deliveries of an integration", () => {
  it.effect("wait while its credentials are refused, and go on once it is configured anew", () =>
    Effect.gen(function*() {
      const { slack } = yield* StandIns
      yield* slackWith("xoxb-revoked")
      yield* route("slack")
      yield* emit("One")
      yield* emit("Two")
      yield* pass(60, 5)
      assert.lengthOf(yield* slack.calls, 1, "a dead token is not asked with again")
      const [first, second] = yield* standing("slack")
      assert.deepStrictEqual(first, {
        status: "pending",
        lastError: "Slack rejected the credentials (200)",
        outcomes: ["credentials"]
      })
      assert.deepInclude(second, { status: "pending", outcomes: [] })
      const statuses = at((yield* acme("GET", "/api/integrations/status")).json, "integrations", 3)
      assert.deepInclude(Object(statuses), { id: "slack", status: "error" })

      yield* slackWith("xoxb-sandbox")
      yield* pass(10)
      assert.deepStrictEqual(yield* texts, ["🟡 WARNING: One", "🟡 WARNING: Two"])
      assert.deepStrictEqual((yield* standing("slack")).map(({ outcomes, status }) => [status, outcomes]), [
        ["delivered", ["credentials", "delivered"]],
        ["delivered", ["delivered"]]
      ])
    }).pipe(Effect.provide(Sandbox)))

  it.effect("wait while it is not configured, without an attempt", () =>
    Effect.gen(function*() {
      const { slack } = yield* StandIns
      yield* route("slack")
      yield* emit("One")
      yield* pass(60, 5)
      assert.deepStrictEqual(yield* standing("slack"), [
        { status: "pending", lastError: "Slack integration is not configured", outcomes: [] }
      ])
      assert.isEmpty(yield* slack.calls)
      yield* slackWith("xoxb-sandbox")
      yield* pass(10)
      assert.deepStrictEqual(yield* texts, ["🟡 WARNING: One"])
    }).pipe(Effect.provide(Sandbox)))
})

describe("a Telegram group that has become a supergroup", () => {
  it.effect("is followed to its new id, and its route names that from then on", () =>
    Effect.gen(function*() {
      yield* configured("telegram")
      yield* route("telegram", "-987654321")
      yield* emit("One")
      yield* pass(5)
      yield* emit("Two")
      yield* pass(5)
      const messages = yield* received("telegram")
      assert.deepStrictEqual(messages.map(({ channelId }) => channelId), [places.telegram, places.telegram])
      const routes = at((yield* acme("GET", "/api/channel-routes")).json, "routes")
      assert.strictEqual(at(routes, 0, "channelId"), places.telegram)
      const deliveries = (yield* log).map(({ delivery }) => [at(delivery, "channelId"), at(delivery, "status")])
      assert.deepStrictEqual(deliveries, [["-987654321", "delivered"], [places.telegram, "delivered"]])
    }).pipe(Effect.provide(Sandbox)))
})

describe("the log", () => {
  it.effect("shows no credential and no URL of a vendor, whatever went wrong", () =>
    Effect.gen(function*() {
      const standIns = yield* StandIns
      yield* configured()
      for (const channel of channels) {
        yield* route(channel)
        yield* standIns[channel].script(
          throttled(1),
          status(500),
          status(503, "upstream error"),
          html,
          lying,
          reset,
          truncated,
          status(400),
          status(404)
        )
      }
      for (const title of ["One", "Two", "Three"]) yield* emit(title)
      yield* pass(300, 5)
      yield* Effect.forEach(channels, (channel) => standIns[channel].script(status(401)))
      yield* emit("Four")
      yield* pass(10)
      const all = yield* log
      assert.lengthOf(all, 4 * channels.length)
      assert.isAbove(all.flatMap(({ attempts }) => attempts).length, 9 * channels.length)
      const shown = JSON.stringify(all)
      const secrets = [
        ...sandboxCredentials.flatMap(({ config }) =>
          Object.entries(config).filter(([field]) => /token|key|secret/i.test(field)).map(([, value]) => value)
        ),
        "%3Asandbox",
        "/bot",
        "http:",
        "127.0.0.1"
      ]
      assert.isAbove(secrets.length, 10)
      assert.deepStrictEqual(secrets.filter((secret) => shown.includes(secret)), [])
    }).pipe(Effect.provide(Sandbox)))
})
