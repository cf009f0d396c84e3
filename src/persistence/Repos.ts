import { Layer } from "effect"
import { AgentsRepo } from "./AgentsRepo.ts"
import { AuditRepo } from "./AuditRepo.ts"
import { BacklogRepo } from "./BacklogRepo.ts"
import { ChannelRoutesRepo } from "./ChannelRoutesRepo.ts"
import { DeliveriesRepo } from "./DeliveriesRepo.ts"
import { DeliveryLogRepo } from "./DeliveryLogRepo.ts"
import { DestinationsRepo } from "./DestinationsRepo.ts"
import { EventsRepo } from "./EventsRepo.ts"
import { IdempotentAnswersRepo } from "./IdempotentAnswersRepo.ts"
import { InboxRepo } from "./InboxRepo.ts"
import { IntegrationsRepo } from "./IntegrationsRepo.ts"
import { RetentionRepo } from "./RetentionRepo.ts"
import { SealedRepo } from "./SealedRepo.ts"
import { StorageHealth } from "./StorageHealth.ts"
import { TokensRepo } from "./TokensRepo.ts"
import { WebhookFailuresRepo } from "./WebhookFailuresRepo.ts"

/** Every table. */
export const Repos = Layer.mergeAll(
  IntegrationsRepo.Default,
  ChannelRoutesRepo.Default,
  EventsRepo.Default,
  AgentsRepo.Default,
  InboxRepo.Default,
  DestinationsRepo.Default,
  DeliveriesRepo.Default,
  DeliveryLogRepo.Default,
  IdempotentAnswersRepo.Default,
  WebhookFailuresRepo.Default,
  AuditRepo.Default,
  SealedRepo.Default,
  TokensRepo.Default,
  RetentionRepo.Default,
  BacklogRepo.Default,
  StorageHealth.Default
)
