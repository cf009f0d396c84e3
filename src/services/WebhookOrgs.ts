import { Cache, Config, ConfigError, Context, Data, Effect, Either, Layer, Option, type Redacted, Schema } from "effect"
import { InvalidSignature, RequestInvalid } from "../domain/Errors.ts"
import { OrgId } from "../domain/Ids.ts"
import { EventsRepo } from "../persistence/EventsRepo.ts"
import { type IntegrationRow, IntegrationsRepo } from "../persistence/IntegrationsRepo.ts"
import { Vault } from "./Vault.ts"

export interface Delivery {
  /** The integration's id: whose configured secrets are tried. */
  readonly integration: string
  /** `?org=` or `x-org-id` as sent, not yet checked. */
  readonly named: string | undefined
  /** The vendor's own id of the sending installation, where it has one. */
  readonly installation: string | undefined
  /** Whether the delivery was signed with this secret. */
  readonly signedWith: (secret: Redacted.Redacted) => boolean
}

/** Finds out whose webhook it is: only an org whose own secret verifies the delivery. */
export class WebhookOrgs extends Context.Tag("services/WebhookOrgs")<WebhookOrgs, {
  /**
   * `InvalidSignature` when no org's secret verifies it; `RequestInvalid` when several orgs' do, or the named org is
   * malformed.
   */
  readonly resolve: (delivery: Delivery) => Effect.Effect<OrgId, InvalidSignature | RequestInvalid>
}>() {}

/** How many orgs' secrets are tried, the latest configured first, when a webhook does not say whose it is. */
export const trialOrgs = Config.integer("WEBHOOK_TRIAL_ORGS").pipe(
  Config.withDefault(1000),
  Config.mapOrFail((count) =>
    count >= 1 && count <= 100_000
      ? Either.right(count)
      : Either.left(ConfigError.InvalidData(["WEBHOOK_TRIAL_ORGS"], "expected 1 to 100000"))
  )
)

/** What of a vendor's config says whose webhooks are whose. */
const Credentials = Schema.parseJson(Schema.Struct({
  webhookSecret: Schema.optional(Schema.Redacted(Schema.String)),
  webhookSecretPrevious: Schema.optional(Schema.Redacted(Schema.String)),
  installationId: Schema.optional(Schema.String)
}))
type Credentials = typeof Credentials.Type

const verifies = ({ signedWith }: Delivery, { webhookSecret, webhookSecretPrevious }: Credentials): boolean =>
  [webhookSecret, webhookSecretPrevious].some((secret) => secret !== undefined && signedWith(secret))

const decodeOrg = Schema.decodeUnknown(OrgId)

const refuse = (details: string) => new InvalidSignature({ details })

export const WebhookOrgsLive = Layer.effect(
  WebhookOrgs,
  Effect.gen(function*() {
    const integrations = yield* IntegrationsRepo
    const events = yield* EventsRepo
    const vault = yield* Vault
    const limit = yield* trialOrgs

    /** Keyed by the ciphertext as well, so that a configure is seen at once. */
    const opened = yield* Cache.make({
      capacity: limit,
      timeToLive: "1 hour",
      lookup: ({ integration, keyId, orgId, sealed }: ReturnType<typeof place>) =>
        vault.open({ orgId, integration }, { keyId, sealed }).pipe(
          Effect.flatMap(Schema.decode(Credentials)),
          Effect.tapErrorTag("Unopenable", (error) => Effect.logError(error.message)),
          Effect.option
        )
    })
    const place = ({ integration, keyId, orgId, sealed }: IntegrationRow) =>
      Data.struct({ orgId, integration, keyId, sealed })
    const credentials = (row: IntegrationRow) => opened.get(place(row))

    const ofOrg = (orgId: OrgId, delivery: Delivery) =>
      integrations.find(orgId, delivery.integration).pipe(
        Effect.flatMap(Option.match({ onNone: () => Effect.succeedNone, onSome: credentials })),
        Effect.map(Option.exists((found) => verifies(delivery, found)))
      )

    const named = (name: string, delivery: Delivery) =>
      Effect.gen(function*() {
        const orgId = yield* Effect.mapError(decodeOrg(name), () =>
          new RequestInvalid({ problems: ["org: expected an organisation id"] }))
        if (yield* ofOrg(orgId, delivery)) {
          return orgId
        }
        return yield* refuse("The signature does not match, or the organisation has no webhookSecret configured")
      })

    const tried = (delivery: Delivery) =>
      Effect.gen(function*() {
        const rows = yield* integrations.withIntegration(delivery.integration, limit)
        const all = yield* Effect.forEach(rows, (row) =>
          Effect.map(credentials(row), Option.map((found) => ({ orgId: row.orgId, found }))))
        const verifying = all.flatMap(Option.toArray).filter(({ found }) =>
          verifies(delivery, found)
        )
        const own = verifying.filter(({ found }) => found.installationId === delivery.installation)
        const [only, ...others] = verifying.length > 1 && delivery.installation !== undefined ? own : verifying
        if (only !== undefined && others.length === 0) return only.orgId
        if (verifying.length > 1) {
          return yield* new RequestInvalid({
            problems: ["org: several organisations share the webhookSecret that verifies this; name one with ?org="]
          })
        }
        return yield* refuse("No configured webhookSecret verifies it; name the organisation with ?org=")
      })

    /** An org that merely claims another's installation is bound to it too: the secret tells them apart. */
    const bound = ({ installation, integration }: Delivery) =>
      installation === undefined ? Effect.succeed([]) : events.boundOrgs(integration, installation)

    const resolve = (delivery: Delivery) =>
      Effect.gen(function*() {
        if (delivery.named !== undefined) return yield* named(delivery.named, delivery)
        const { installation, integration } = delivery
        const [known, ...others] = yield* Effect.filter(yield* bound(delivery), (orgId) => ofOrg(orgId, delivery))
        if (known !== undefined && others.length === 0) return known
        const orgId = yield* tried(delivery)
        if (installation !== undefined) yield* events.bind(integration, installation, orgId)
        return orgId
      })

    return { resolve: Effect.fn("WebhookOrgs.resolve")(resolve) }
  })
)
