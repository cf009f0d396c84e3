import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect } from "effect"
import { UpstreamFailed } from "../../src/domain/Errors.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { Notifications, type Reaction } from "../fakes/Notifications.ts"
import { acme } from "../fakes/Storage.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

const titles = Effect.flatMap(
  Notifications,
  ({ arrived }) => Effect.map(arrived, (all) => all.map(({ title }) => title))
)
const sentCount = Effect.flatMap(Notifications, ({ sent }) => Effect.map(sent, (all) => all.length))
const react = (reaction: Reaction) => Effect.flatMap(Notifications, (notifications) => notifications.react(reaction))
const standing = Effect.map(deliveries, (rows) => rows.map(({ lastError, status }) => [status, lastError]))

const configure = Effect.gen(function*() {
  const integrations = yield* IntegrationsRepo
  yield* integrations.put({
    orgId: acme,
    integration: "slack",
    keyId: "k1",
    sealed: "sealed",
    configuredAt: yield* DateTime.now
  })
})

const refused: Reaction = () =>
  new UpstreamFailed({ vendor: "Slack", reason: "credentials", details: "Slack rejected the credentials (200)" })

describe("deliveries of an integration", () => {
  it.effect("that is not configured wait for it, in order, however long it takes", () =>
    Effect.gen(function*() {
      yield* route("C1")
      yield* accept({ title: "One" })
      yield* accept({ title: "Two" })
      yield* pass(3600, 60)
      deepStrictEqual(yield* titles, [])
      deepStrictEqual(yield* standing, [["pending", "Slack integration is not configured"], ["pending", null]])
      yield* configure
      yield* pass(6)
      deepStrictEqual(yield* titles, ["One", "Two"])
      deepStrictEqual(yield* standing, [["delivered", null], ["delivered", null]])
    }).pipe(Effect.provide(pipeline({ configured: false }))))

  it.effect("whose credentials are refused wait until it is configured anew, without asking the vendor meanwhile", () =>
    Effect.gen(function*() {
      yield* configure
      yield* route("C1")
      yield* react(refused)
      yield* accept({ title: "One" })
      yield* pass(60, 5)
      yield* accept({ title: "Two" })
      yield* pass(3600, 60)
      assert.strictEqual(yield* sentCount, 1)
      deepStrictEqual((yield* standing)[0], ["pending", "Slack rejected the credentials (200)"])
      yield* react(() => Effect.succeed({ pauseMs: 0 }))
      yield* configure
      yield* pass(6)
      deepStrictEqual(yield* titles, ["One", "Two"])
      const sql = yield* SqlClient.SqlClient
      const attempts = yield* sql`SELECT outcome FROM delivery_attempts ORDER BY at`
      deepStrictEqual(attempts.map(({ outcome }) => outcome), ["credentials", "delivered", "delivered"])
    }).pipe(Effect.provide(pipeline({ configured: false }))))

  it.effect("start their 24 hours anew after a pause", () =>
    Effect.gen(function*() {
      yield* configure
      yield* route("C1")
      yield* react(refused)
      yield* accept({ title: "One" })
      yield* settle
      deepStrictEqual((yield* deliveries).map(({ nextAttemptAt, retryUntil }) => [nextAttemptAt, retryUntil]), [
        [null, null]
      ])
    }).pipe(Effect.provide(pipeline({ configured: false }))))
})
