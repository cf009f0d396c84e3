import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { Layer } from "effect"
import { AgentEndpoints } from "./alerts/AgentEndpoints.ts"
import { OneProcess } from "./alerts/Cluster.ts"
import { DeliveryLog } from "./alerts/DeliveryLog.ts"
import { DestinationsLive } from "./alerts/DestinationEntity.ts"
import { AlertsLive, SenderLive } from "./alerts/live.ts"
import { Routing } from "./alerts/Routing.ts"
import { TestFire } from "./alerts/TestFire.ts"
import { ChannelsLive, NotifierLive } from "./channels/live.ts"
import { origins } from "./Config.ts"
import { CredentialChecksLive, VendorsLive } from "./integrations/live.ts"
import { Repos } from "./persistence/Repos.ts"
import * as Sql from "./persistence/Sql.ts"
import { IdempotencyKeys } from "./services/IdempotencyKeys.ts"
import { Integrations } from "./services/Integrations.ts"
import * as Keyring from "./services/Keyring.ts"
import { SyncLog } from "./services/SyncLog.ts"
import { Vault } from "./services/Vault.ts"
import { WebhookOrgsLive } from "./services/WebhookOrgs.ts"
import { Origins, Upstream } from "./upstream/Upstream.ts"

/** Outbound HTTP: real, but with the operator's overrides of where vendors are. */
export const Outbound = Upstream.Default.pipe(
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.merge(Origins.layer(origins))
)

/** Vendors and channels as they are in production. */
export const Vendors = Layer.merge(VendorsLive, ChannelsLive)

/** What empties queues, still without a database, a key ring, vendors and outbound HTTP. */
export const Senders = SenderLive.pipe(
  Layer.provideMerge(NotifierLive),
  Layer.provideMerge(AgentEndpoints.Default),
  Layer.provideMerge(Layer.merge(Integrations.Default, Routing.Default)),
  Layer.provide(SyncLog.Default),
  Layer.provideMerge(Vault.Default),
  Layer.provideMerge(Repos)
)

/** What the handlers use, over the senders and somebody who wakes them. */
export const Services = Layer.mergeAll(
  WebhookOrgsLive,
  IdempotencyKeys.Default,
  CredentialChecksLive,
  DeliveryLog.Default,
  TestFire.Default
).pipe(Layer.provideMerge(AlertsLive))

/** The production graph: the only place that chooses what is live. */
export const App = Services.pipe(
  Layer.provideMerge(DestinationsLive),
  Layer.provideMerge(Senders),
  Layer.provide(OneProcess),
  Layer.provideMerge(Vendors),
  Layer.provide(Outbound),
  Layer.provideMerge(Sql.layerConfig),
  Layer.provide(Keyring.layer),
  Layer.provide(NodeContext.layer)
)
