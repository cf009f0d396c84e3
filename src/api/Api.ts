import { HttpApi, type HttpApiGroup, OpenApi } from "@effect/platform"
import type { Scope } from "../domain/Token.ts"
import { vendors } from "../integrations/registry.ts"
import { AgentsGroup } from "./Agents.ts"
import { apiId } from "./apiId.ts"
import { AuditGroup } from "./Audit.ts"
import { requiredScope } from "./Caller.ts"
import { ChannelRoutesGroup } from "./ChannelRoutes.ts"
import { DeliveriesGroup } from "./Deliveries.ts"
import * as Errors from "./errors.ts"
import { EventsGroup } from "./Events.ts"
import { HealthGroup } from "./Health.ts"
import { describingIdempotency } from "./Idempotency.ts"
import { IntegrationsGroup } from "./Integrations.ts"
import { MetricsGroup } from "./Metrics.ts"
import { operationKey, tidy } from "./openapi.ts"
import { WebhooksGroup } from "./Webhooks.ts"

const base = HttpApi.make(apiId)
  .add(IntegrationsGroup)
  .add(ChannelRoutesGroup)
  .add(DeliveriesGroup)
  .add(EventsGroup)
  .add(AgentsGroup)
  .add(WebhooksGroup)
  .add(AuditGroup)
  .add(HealthGroup)
  .add(MetricsGroup)

type With<A, Group extends HttpApiGroup.HttpApiGroup.Any> = A extends
  HttpApi.HttpApi<infer Id, infer Groups, infer E, infer R> ? HttpApi.HttpApi<Id, Groups | Group, E, R> : never

const whole = vendors
  .reduce<With<typeof base, typeof vendors[number]["group"]>>((api, vendor) => api.add(vendor.group), base)
  .addError(Errors.InternalFailure)
  .addError(Errors.ServiceUnavailable)

/** What each operation needs where it asks for a token. */
const scopes: ReadonlyMap<string, Scope> = (() => {
  const found = new Map<string, Scope>()
  HttpApi.reflect(whole, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path }, mergedAnnotations: annotations }) =>
      void found.set(operationKey(method, path), requiredScope({ method, annotations }))
  })
  return found
})()

/** The whole API: what clients, the server, `/openapi.json` and `/docs` are made from. */
export const Api = whole.annotateContext(OpenApi.annotations({
  title: "Integrations API",
  version: "1.0.0",
  description:
    "PagerDuty, Linear, Sentry, alerts to agents and channels, and integration configuration, each scoped to the " +
    "organisation named by the `x-org-id` header. Where the service runs with `AUTH=tokens`, each operation needs a " +
    "bearer token for that organisation with the scope that it names. " +
    "Every error has the shape `{ error, code, status, details? }`.",
  transform: (spec) =>
    tidy({ ...spec, paths: spec["paths"], components: spec["components"] }, scopes, describingIdempotency(whole))
}))
