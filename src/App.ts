import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { Layer } from "effect"
import { ChannelsLive } from "./channels/live.ts"
import { origins } from "./Config.ts"
import { CredentialChecksLive, VendorsLive } from "./integrations/live.ts"
import { AgentsRepo } from "./persistence/AgentsRepo.ts"
import { ChannelRoutesRepo } from "./persistence/ChannelRoutesRepo.ts"
import { EventsRepo } from "./persistence/EventsRepo.ts"
import { IdempotencyKeysRepo } from "./persistence/IdempotencyKeysRepo.ts"
import { IntegrationsRepo } from "./persistence/IntegrationsRepo.ts"
import * as Sql from "./persistence/Sql.ts"
import { IdempotencyKeys } from "./services/IdempotencyKeys.ts"
import { IntakeLive } from "./alerts/Intake.ts"
import { Integrations } from "./services/Integrations.ts"
import * as Keyring from "./services/Keyring.ts"
import { SyncLog } from "./services/SyncLog.ts"
import { Vault } from "./services/Vault.ts"
import { WebhookOrgsLive } from "./services/WebhookOrgs.ts"
import { Origins, Upstream } from "./upstream/Upstream.ts"

/** Outbound HTTP to vendors: real, but with the operator's overrides of where they are. */
export const Outbound = Upstream.Default.pipe(
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.merge(Origins.layer(origins))
)

/** Vendors and channels as they are in production. */
export const Vendors = Layer.merge(VendorsLive, ChannelsLive).pipe(Layer.provide(Outbound))

const Repos = Layer.mergeAll(
  IntegrationsRepo.Default,
  ChannelRoutesRepo.Default,
  EventsRepo.Default,
  AgentsRepo.Default,
  IdempotencyKeysRepo.Default
)

/** What the handlers use, still without a database, a key ring and vendors. */
export const Services = Layer.mergeAll(IntakeLive, WebhookOrgsLive, IdempotencyKeys.Default, CredentialChecksLive).pipe(
  Layer.provideMerge(Integrations.Default),
  Layer.provide(SyncLog.Default),
  Layer.provideMerge(Vault.Default),
  Layer.provideMerge(Repos)
)

/** The production graph: the only place that chooses what is live. */
export const App = Services.pipe(
  Layer.provideMerge(Vendors),
  Layer.provideMerge(Sql.layerConfig),
  Layer.provide(Keyring.layer),
  Layer.provide(NodeContext.layer)
)
