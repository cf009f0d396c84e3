import { DateTime, Duration, Effect, Layer } from "effect"
import { Dispatch } from "../../src/alerts/Dispatch.ts"
import { Inbox } from "../../src/alerts/Inbox.ts"
import { Intake, IntakeLive } from "../../src/alerts/Intake.ts"
import { Queue } from "../../src/alerts/Queue.ts"
import { Routing } from "../../src/alerts/Routing.ts"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import { ChannelRoutesRepo } from "../../src/persistence/ChannelRoutesRepo.ts"
import { DeliveriesRepo } from "../../src/persistence/DeliveriesRepo.ts"
import { DeliveryLogRepo } from "../../src/persistence/DeliveryLogRepo.ts"
import { DestinationsRepo } from "../../src/persistence/DestinationsRepo.ts"
import { InboxRepo } from "../../src/persistence/InboxRepo.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import { RetentionRepo } from "../../src/persistence/RetentionRepo.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { measuredOrg } from "./world.ts"

/** Events come in, and nobody sends them on. */
export const HotPaths = IntakeLive.pipe(
  Layer.provideMerge(Layer.mergeAll(Queue.Default, Inbox.Default, Routing.Default)),
  Layer.provide(Layer.succeed(Dispatch, { wake: () => Effect.void }))
)

const event = (n: number, now: DateTime.Utc): IncomingEvent => ({
  source: "sentry",
  type: "sentry.issue.created",
  dedupKey: `growth:${n}`,
  title: "TypeError",
  text: "checkout/total",
  url: null,
  severity: "error",
  state: "open",
  groupKey: `sentry:issue:growth-${n}`,
  projectId: "api-gateway",
  forAgent: true,
  body: JSON.stringify({ action: "created", data: { issue: { id: String(n), filling: "x".repeat(800) } } }),
  dataPath: "data",
  occurredAt: now
})

/** What is asked again and again, in the order in which the table has it. */
export const hotPaths = Effect.gen(function*() {
  const agents = yield* AgentsRepo
  const deliveries = yield* DeliveriesRepo
  const destinations = yield* DestinationsRepo
  const inbox = yield* InboxRepo
  const { accept } = yield* Intake
  const integrations = yield* Integrations
  const integrationsRepo = yield* IntegrationsRepo
  const log = yield* DeliveryLogRepo
  const retention = yield* RetentionRepo
  const routes = yield* ChannelRoutesRepo
  const routing = yield* Routing
  const destination = { orgId: measuredOrg, channel: "slack", channelId: "C0ERRORS" }
  const issue = { type: "sentry.issue.created", projectId: "api-gateway" }
  let count = 0
  const paths: Readonly<Record<string, Effect.Effect<unknown>>> = {
    "Integrations' status": integrations.standings(measuredOrg),
    "Config of one integration": integrationsRepo.find(measuredOrg, "sentry"),
    "Whose webhook, where it does not say": integrationsRepo.withIntegration("sentry", 1000),
    "Route list": routes.list(measuredOrg),
    "Routes of an event, as cached": routing.matching(measuredOrg, issue),
    "Taking an event in": Effect.suspend(() =>
      Effect.flatMap(DateTime.now, (now) => accept(measuredOrg, event(count++, now)))
    ),
    "A destination's next message": Effect.flatMap(DateTime.now, (now) => deliveries.head(destination, now)),
    "What is due": Effect.flatMap(
      DateTime.now,
      (now) => destinations.takeDue(now, DateTime.addDuration(now, Duration.millis(-1)), 1000)
    ),
    "Delivery list, 25": log.page({ orgId: measuredOrg, filter: { statuses: [] }, after: undefined, limit: 25 }),
    "An agent's inbox, latest 25": Effect.flatMap(
      agents.list(measuredOrg),
      ([agent]) =>
        agent === undefined ? Effect.void : inbox.page(measuredOrg, agent.id, Math.max(0, agent.lastNumber - 25), 25)
    ),
    "Retention with nothing to do": Effect.flatMap(
      DateTime.now,
      (now) => retention.events(DateTime.subtract(now, { days: 3650 }), 200)
    )
  }
  return paths
})
