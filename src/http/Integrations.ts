import { HttpApiBuilder } from "@effect/platform"
import { Effect, Schema } from "effect"
import { Api } from "../api/Api.ts"
import { ConfigureRequest, type IntegrationId } from "../api/Integrations.ts"
import { CurrentOrg } from "../api/Org.ts"
import { IntegrationNotConfigured, UpstreamFailed, UpstreamRejected } from "../domain/Errors.ts"
import { mask } from "../domain/Integration.ts"
import { integrations } from "../integrations/registry.ts"
import { CredentialChecks } from "../services/CredentialChecks.ts"
import { Integrations } from "../services/Integrations.ts"
import { stored } from "../services/storedConfig.ts"

const decode = Schema.decodeUnknown(ConfigureRequest)
const encode = Schema.encode(ConfigureRequest)

const notConfigured = (id: IntegrationId) =>
  new IntegrationNotConfigured({ integration: integrations.find((known) => known.id === id)?.displayName ?? id })

/** Here refused credentials are the caller's input: 422 rather than 502. */
const refused = (error: UpstreamFailed | UpstreamRejected) =>
  error instanceof UpstreamFailed && error.reason === "credentials"
    ? new UpstreamRejected({ vendor: error.vendor, details: error.details })
    : error

export const IntegrationsHttp = HttpApiBuilder.group(Api, "integrations", (handlers) =>
  Effect.gen(function*() {
    const service = yield* Integrations
    const check = yield* CredentialChecks
    return handlers
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
          if (urlParams.verify === "true") yield* Effect.mapError(check(payload), refused)
          const { config, integration } = yield* Effect.orDie(encode(payload))
          const configuredAt = yield* service.configure(org, integration, config)
          return { integration, status: "active" as const, configuredAt }
        }))
      .handle("show", ({ path: { id } }) =>
        Effect.gen(function*() {
          const found = yield* service.show(yield* CurrentOrg, id)
          const { config, configuredAt, lastSync, status } = yield* Effect.mapError(found, () => notConfigured(id))
          const decoded = yield* Effect.orDie(stored(id)(decode({ integration: id, config })))
          const definition = integrations.find((known) => known.id === id)
          return {
            integration: id,
            status,
            lastSync,
            configuredAt,
            config: definition === undefined ? {} : mask(definition, decoded.config)
          }
        }))
      .handle("forget", ({ path: { id } }) =>
        Effect.gen(function*() {
          if (!(yield* service.forget(yield* CurrentOrg, id))) return yield* notConfigured(id)
          return { integration: id, deleted: true as const }
        }), { uninterruptible: true })
  }))
