import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { AgentEndpoints } from "./alerts/AgentEndpoints.ts"
import { backlogGauges } from "./alerts/Backlog.ts"
import { ManyProcesses, OneProcess } from "./alerts/Cluster.ts"
import { DeliveryLog } from "./alerts/DeliveryLog.ts"
import { DestinationsLive } from "./alerts/DestinationEntity.ts"
import { AlertsLive, SenderLive } from "./alerts/live.ts"
import { Routing } from "./alerts/Routing.ts"
import { TestFire } from "./alerts/TestFire.ts"
import { ChannelsLive, NotifierLive } from "./channels/live.ts"
import { channels } from "./channels/registry.ts"
import { origins } from "./Config.ts"
import { CredentialChecksLive, VendorsLive } from "./integrations/live.ts"
import { databaseLocation, isServer } from "./persistence/location.ts"
import { Repos } from "./persistence/Repos.ts"
import * as Sql from "./persistence/Sql.ts"
import { Audit } from "./services/Audit.ts"
import { IdempotentAnswers } from "./services/IdempotentAnswers.ts"
import { Integrations } from "./services/Integrations.ts"
import * as Keyring from "./services/Keyring.ts"
import { RateLimits } from "./services/RateLimits.ts"
import { SyncLog } from "./services/SyncLog.ts"
import { TenantUrls } from "./services/TenantUrls.ts"
import { TokenCheck } from "./services/TokenCheck.ts"
import { Vault } from "./services/Vault.ts"
import { WebhookOrgsLive } from "./services/WebhookOrgs.ts"
import * as Resolver from "./upstream/Resolver.ts"
import { TenantHttp } from "./upstream/TenantHttp.ts"
import { Origins, Upstream } from "./upstream/Upstream.ts"

/** Who is asked for the addresses of tenants' hosts. */
export const NameServers = Resolver.layer()

/** Outbound HTTP: real, but with the operator's overrides of where vendors are. */
export const Outbound = Upstream.Default.pipe(
  Layer.provide([NodeHttpClient.layerUndici, TenantHttp.layer]),
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
  Audit.Default,
  IdempotentAnswers.Default,
  RateLimits.Default,
  TokenCheck.Default,
  CredentialChecksLive,
  TenantUrls.Default,
  DeliveryLog.Default,
  TestFire.Default
).pipe(Layer.provideMerge(AlertsLive))

/** Who may own destinations: this process alone over a file, every process over a server. */
const Cluster = Layer.unwrapEffect(
  Effect.map(databaseLocation, (location) => isServer(location) ? ManyProcesses : OneProcess)
)

/** The production graph: the only place that chooses what is live. */
export const App = Services.pipe(
  Layer.merge(backlogGauges(channels.map(({ id }) => id))),
  Layer.provideMerge(DestinationsLive),
  Layer.provideMerge(Senders),
  Layer.provide(Cluster),
  Layer.provideMerge(Vendors),
  Layer.provide(Outbound),
  Layer.provide(NameServers),
  Layer.provideMerge(Sql.layerConfig),
  Layer.provide(Keyring.layer),
  Layer.provide(NodeContext.layer)
)
