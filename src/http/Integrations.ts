import { HttpApiBuilder } from "@effect/platform"
import { Effect, Schema } from "effect"
import { Api } from "../api/Api.ts"
import { ConfigureRequest, type IntegrationId } from "../api/Integrations.ts"
import { CurrentOrg } from "../api/Org.ts"
import { IntegrationNotConfigured, UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import { mask } from "../domain/Integration.ts"
import { integrations } from "../integrations/registry.ts"
import { actsOn } from "../services/AuditNotes.ts"
import { CredentialChecks } from "../services/CredentialChecks.ts"
import { idempotently } from "../services/idempotently.ts"
import { Integrations } from "../services/Integrations.ts"
import { TenantUrls } from "../services/TenantUrls.ts"

const decode = Schema.decodeUnknown(ConfigureRequest)
const encode = Schema.encode(ConfigureRequest)

const definitionOf = (id: IntegrationId) => integrations.find((known) => known.id === id)

const displayNameOf = (id: IntegrationId): string => definitionOf(id)?.displayName ?? id

const notConfigured = (id: IntegrationId) => new IntegrationNotConfigured({ integration: displayNameOf(id) })

/** Here refused credentials are the caller's input: 422 rather than 502. */
const refused = (error: UpstreamFailed | UpstreamRejected) =>
  error instanceof UpstreamFailed && error.reason === "credentials"
    ? new UpstreamRejected({ vendor: error.vendor, details: error.details })
    : error

export const IntegrationsHttp = HttpApiBuilder.group(Api, "integrations", (handlers) =>
  Effect.gen(function*() {
    const service = yield* Integrations
    const check = yield* CredentialChecks
    const urls = yield* TenantUrls

    const checkUrls = ({ config, integration }: ConfigureRequest) =>
      Effect.forEach(
        definitionOf(integration)?.urls ?? [],
        (field) => {
          const url = Object.entries(config).find(([name]) => name === field)?.[1]
          return typeof url === "string" ? urls.check(`config.${field}`, url) : Effect.void
        },
        { discard: true }
      )

    return yield* idempotently(
      handlers
        .handle("status", () =>
          Effect.gen(function*() {
            const standing = yield* service.standings(yield* CurrentOrg)
            return {
              integrations: integrations
                .map(({ alwaysListed, id }) => ({ id, alwaysListed, is: standing(id) }))
                .filter(({ alwaysListed, is }) => alwaysListed || is.configured)
                .map(({ id, is }) => ({ id, ...is }))
            }
          }))
        .handle("configure", ({ payload, urlParams }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            yield* actsOn(payload.integration)
            yield* checkUrls(payload)
            if (urlParams.verify === "true") {
              const named = { id: payload.integration, displayName: displayNameOf(payload.integration) }
              yield* service.trial(org, named, Effect.mapError(check(payload), refused))
            }
            const { config, integration } = yield* Effect.orDie(encode(payload))
            const configuredAt = yield* service.configure(org, integration, config)
            return { integration, status: "active" as const, configuredAt }
          }))
        .handle("show", ({ path: { id } }) =>
          Effect.gen(function*() {
            const found = yield* service.show(yield* CurrentOrg, id, (config) => decode({ integration: id, config }))
            const { budget, config, configuredAt, lastSync, status } = yield* Effect.mapError(
              found,
              () => notConfigured(id)
            )
            const definition = definitionOf(id)
            return {
              integration: id,
              status,
              lastSync,
              configuredAt,
              config: definition === undefined ? {} : mask(definition, config.config),
              budget
            }
          }))
        .handle("forget", ({ path: { id } }) =>
          Effect.gen(function*() {
            if (!(yield* service.forget(yield* CurrentOrg, id))) return yield* notConfigured(id)
            return { integration: id, deleted: true as const }
          }), { uninterruptible: true })
    )
  }))
