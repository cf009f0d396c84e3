import { integrations } from "./migrations/0001_integrations.ts"
import { channelRoutes } from "./migrations/0002_channel_routes.ts"
import { events } from "./migrations/0003_events.ts"
import { idempotencyKeys } from "./migrations/0004_idempotency_keys.ts"
import { deliveries } from "./migrations/0005_deliveries.ts"
import { webhookFailures } from "./migrations/0006_webhook_failures.ts"
import { tokens } from "./migrations/0007_tokens.ts"
import { auditLog } from "./migrations/0008_audit_log.ts"
import { idempotentAnswers } from "./migrations/0009_idempotent_answers.ts"
import { observability } from "./migrations/0010_observability.ts"
import { integrationsByVendor } from "./migrations/0011_integrations_by_vendor.ts"

/** Append-only: a migration that has been released is never edited. Names are `<number>_<what>`. */
export const migrations = {
  "0001_integrations": integrations,
  "0002_channel_routes": channelRoutes,
  "0003_events": events,
  "0004_idempotency_keys": idempotencyKeys,
  "0005_deliveries": deliveries,
  "0006_webhook_failures": webhookFailures,
  "0007_tokens": tokens,
  "0008_audit_log": auditLog,
  "0009_idempotent_answers": idempotentAnswers,
  "0010_observability": observability,
  "0011_integrations_by_vendor": integrationsByVendor
}
