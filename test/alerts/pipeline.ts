import { SqlClient } from "@effect/sql"
import { DateTime, Effect, Layer } from "effect"
import type { Dispatch } from "../../src/alerts/Dispatch.ts"
import { Fence } from "../../src/alerts/Fence.ts"
import { Intake } from "../../src/alerts/Intake.ts"
import { AlertsLive, SenderLive } from "../../src/alerts/live.ts"
import { Routing } from "../../src/alerts/Routing.ts"
import type { Sender } from "../../src/alerts/Sender.ts"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { acme, environment, Memory } from "../fakes/Storage.ts"
import { advance, turns } from "../fakes/turns.ts"

interface Options {
  readonly dispatch?: Layer.Layer<Dispatch, never, Sender | SqlClient.SqlClient>
  readonly configured?: boolean
  readonly variables?: Readonly<Record<string, string>>
}

/** Lets everything that is due at this moment of the test's clock happen. */
export const settle = turns(400)

/** Moves the clock on in steps, and lets what falls due happen on the way. */
export const pass = (seconds: number, step = 1) =>
  Effect.gen(function*() {
    for (let passed = 0; passed < seconds; passed += step) {
      yield* advance(`${step} seconds`)
      yield* settle
    }
  })

/** The alert pipeline as in production, with a recording stand-in for the channels, and without the cluster. */
export const pipeline = (options: Options = {}) =>
  AlertsLive.pipe(
    Layer.provide(options.dispatch ?? InProcess),
    Layer.provide(SenderLive),
    Layer.provide(Fence.open),
    Layer.provideMerge(Routing.Default),
    Layer.provideMerge(Notifications.layer(options)),
    Layer.provideMerge(Memory),
    Layer.provide(environment(options.variables ?? {})),
    Layer.orDie
  )

let count = 0

export const event = (changes: Partial<IncomingEvent> = {}): IncomingEvent => ({
  source: "sentry",
  type: "sentry.issue.created",
  dedupKey: `test:${count++}`,
  title: "TypeError",
  text: null,
  url: null,
  severity: "error",
  state: "open",
  groupKey: null,
  projectId: "proj-001",
  forAgent: true,
  body: "{\"action\":\"created\",\"data\":{}}",
  dataPath: "data",
  occurredAt: DateTime.unsafeMake("2026-03-21T14:00:00Z"),
  ...changes
})

export const accept = (changes: Partial<IncomingEvent> = {}, orgId = acme) =>
  Effect.flatMap(Intake, (intake) => intake.accept(orgId, event(changes)))

/** A route for everything to a Slack channel. */
export const route = (
  channelId: string,
  orgId: OrgId = acme,
  changes: Partial<{ readonly eventType: string; readonly channel: string; readonly projectId: string | null }> = {}
) =>
  Effect.gen(function*() {
    const now = yield* DateTime.now
    const routes = yield* ChannelRoutesRepo
    const row = { eventType: "*", channel: "slack", projectId: null, channelId, enabled: true, ...changes }
    yield* routes.add(orgId, row, now)
    yield* (yield* Routing).changed(orgId)
  })

/** Every delivery, in the order of its destination's queue. */
export const deliveries = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`SELECT * FROM deliveries ORDER BY org_id, channel, channel_id, number`
)
