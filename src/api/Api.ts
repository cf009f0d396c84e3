import { HttpApi, type HttpApiGroup, OpenApi } from "@effect/platform"
import { vendors } from "../integrations/registry.ts"
import { AgentsGroup } from "./Agents.ts"
import { apiId } from "./apiId.ts"
import { AuditGroup } from "./Audit.ts"
import { ChannelRoutesGroup } from "./ChannelRoutes.ts"
import { DeliveriesGroup } from "./Deliveries.ts"
import * as Errors from "./errors.ts"
import { EventsGroup } from "./Events.ts"
import { HealthGroup } from "./Health.ts"
import { IntegrationsGroup } from "./Integrations.ts"
import { tidy } from "./openapi.ts"
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

type With<A, Group extends HttpApiGroup.HttpApiGroup.Any> = A extends
  HttpApi.HttpApi<infer Id, infer Groups, infer E, infer R> ? HttpApi.HttpApi<Id, Groups | Group, E, R> : never

/** The whole API: what clients, the server, `/openapi.json` and `/docs` are made from. */
export const Api = vendors
  .reduce<With<typeof base, typeof vendors[number]["group"]>>((api, vendor) => api.add(vendor.group), base)
  .addError(Errors.InternalFailure)
  .addError(Errors.ServiceUnavailable)
  .annotateContext(OpenApi.annotations({
    title: "Integrations API",
    version: "1.0.0",
    description:
      "PagerDuty, Linear, Sentry, alerts to agents and channels, and integration configuration, each scoped to the " +
      "organisation named by the `x-org-id` header. Every error has the shape `{ error, code, status, details? }`.",
    transform: (spec) => tidy({ ...spec, paths: spec["paths"], components: spec["components"] })
  }))
