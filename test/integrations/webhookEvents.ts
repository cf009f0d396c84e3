import { DateTime, Duration } from "effect"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { linearWebhook } from "../../src/integrations/linear/webhook.ts"
import { pagerdutyWebhook } from "../../src/integrations/pagerduty/webhook.ts"
import { sentryWebhook } from "../../src/integrations/sentry/webhook.ts"
import type { Webhook } from "../../src/services/webhookIntake.ts"

export const now = DateTime.unsafeMake("2026-03-21T14:00:00Z")

/** Text and bytes are a body as they are, anything else as JSON. */
export const bytesOf = (body: unknown): Uint8Array =>
  body instanceof Uint8Array
    ? body
    : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))

export interface Around {
  readonly headers?: Readonly<Record<string, string>>
  readonly projects?: Readonly<Record<string, string>>
}

/** What a verified body becomes. */
const eventBy =
  <Payload>({ event, read }: Webhook<Pick<Around, "projects">, Payload>) =>
  (body: unknown, { headers = {}, projects }: Around = {}): IncomingEvent =>
    event(read(bytesOf(body)), { config: { ...(projects !== undefined && { projects }) }, headers, now })

export const linear = linearWebhook(Duration.hours(24))

export const events = {
  sentry: eventBy(sentryWebhook),
  pagerduty: eventBy(pagerdutyWebhook),
  linear: eventBy(linear)
}
