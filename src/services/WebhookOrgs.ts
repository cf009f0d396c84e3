import {
  Array,
  Cache,
  Clock,
  Config,
  ConfigError,
  Context,
  Data,
  Effect,
  Either,
  Layer,
  Option,
  Redacted,
  Schema
} from "effect"
import { type InvalidSignature, type RateLimited, RequestInvalid } from "../domain/Errors.ts"
import { OrgId } from "../domain/Ids.ts"
import { EventsRepo } from "../persistence/EventsRepo.ts"
import { type IntegrationRow, IntegrationsRepo } from "../persistence/IntegrationsRepo.ts"
import { othersFirst } from "../persistence/othersFirst.ts"
import { Integrations } from "./Integrations.ts"
import { renewed } from "./renewed.ts"
import { diagnose, type Suspect } from "./signatureDoctor.ts"
import { unreadable, Vault } from "./Vault.ts"
import { WebhookFailures } from "./WebhookFailures.ts"
import { signs } from "./webhookSignature.ts"

export interface Delivery {
  /** The integration's id: whose configured secrets are tried. */
  readonly integration: string
  /** `?org=` or `x-org-id` as sent, not yet checked. */
  readonly named: string | undefined
  /** The vendor's own id of the sending installation, where it has one. */
  readonly installation: string | undefined
  readonly body: Uint8Array
  /** HMAC-SHA256s, one of which has to be the body's. */
  readonly signatures: ReadonlyArray<Uint8Array>
  /** What has to hold before many orgs' secrets are tried: that is the one costly thing that strangers can ask for. */
  readonly mayTry: Effect.Effect<void, RateLimited>
}

/** Finds out whose webhook it is: only an org whose own secret verifies the delivery. */
export class WebhookOrgs extends Context.Tag("services/WebhookOrgs")<WebhookOrgs, {
  /**
   * `InvalidSignature` when no org's secret verifies it, which is then noted as a failure; `RequestInvalid` when
   * several orgs' do, or the named org is malformed; `RateLimited` where it may not be tried now.
   */
  readonly resolve: (delivery: Delivery) => Effect.Effect<OrgId, InvalidSignature | RequestInvalid | RateLimited>
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

/** How long secrets stay decrypted: a webhook may have to be tried against each of them. */
const openedFor = "1 hour"

/** How many of the tried orgs are asked whether the body was altered. */
const examinedOrgs = 20

/** How many bodies a second are examined for alterations, at up to some 25 ms each: a flood gets no more than that. */
const examinedPerSecond = 10

/** Bytes that are hashed at a stretch, some milliseconds' worth, before other requests have their turn. */
const stretch = 4 * 1024 * 1024

/** What of a vendor's config says whose webhooks are whose. */
const Credentials = Schema.parseJson(Schema.Struct({
  webhookSecret: Schema.optional(Schema.Redacted(Schema.String)),
  webhookSecretPrevious: Schema.optional(Schema.Redacted(Schema.String)),
  installationId: Schema.optional(Schema.String)
}))

interface Candidate extends Suspect {
  readonly installationId: string | undefined
}

const candidate = (orgId: OrgId, credentials: typeof Credentials.Type): Candidate => ({
  orgId,
  secrets: [credentials.webhookSecret, credentials.webhookSecretPrevious].filter((secret) => secret !== undefined),
  installationId: credentials.installationId
})

const verifies = ({ body, signatures }: Delivery) => ({ secrets }: Candidate): boolean =>
  secrets.some((secret) => signs(secret, body, signatures))

const decodeOrg = Schema.decodeUnknown(OrgId)

/** Nobody's secret verifies it. */
class Unverified extends Data.TaggedError("Unverified")<{
  readonly delivery: Delivery
  readonly suspects: ReadonlyArray<Candidate>
  /** Whose it would be, if that is known. */
  readonly orgId: OrgId | undefined
  /** What the sender is told: the same whether or not the org exists, and has a secret. */
  readonly told: string
}> {}

export const WebhookOrgsLive = Layer.scoped(
  WebhookOrgs,
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const repo = yield* IntegrationsRepo
    const events = yield* EventsRepo
    const vault = yield* Vault
    const failures = yield* WebhookFailures
    const limit = yield* trialOrgs

    /** Keyed by the ciphertext as well, so that a configure is seen at once. */
    const opened = yield* renewed(
      Cache.make({
        capacity: limit,
        timeToLive: openedFor,
        lookup: ({ integration, keyId, orgId, sealed }: ReturnType<typeof place>) =>
          vault.open({ orgId, integration }, { keyId, sealed }).pipe(
            Effect.flatMap((config) =>
              Effect.mapError(
                Schema.decode(Credentials)(Redacted.value(config)),
                () => unreadable({ orgId, integration }, keyId)
              )
            ),
            Effect.tapError((error) => Effect.logError(error.message)),
            Effect.map((credentials) => candidate(orgId, credentials)),
            Effect.option
          )
      }),
      openedFor
    )
    const place = ({ integration, keyId, orgId, sealed }: IntegrationRow) =>
      Data.struct({ orgId, integration, keyId, sealed })
    const credentials = (row: IntegrationRow) => opened.get(place(row))

    const ofOrg = (orgId: OrgId, integration: string) =>
      Effect.flatMap(
        integrations.stored(orgId, integration),
        Option.match({ onNone: () => Effect.succeedNone, onSome: credentials })
      )

    const named = Effect.fnUntraced(function*(name: string, delivery: Delivery) {
      const orgId = yield* Effect.mapError(
        decodeOrg(name),
        () => new RequestInvalid({ problems: ["org: expected an organisation id"] })
      )
      const found = yield* ofOrg(orgId, delivery.integration)
      if (Option.exists(found, verifies(delivery))) return orgId
      const told = "The signature does not match, or the organisation has no webhookSecret configured"
      return yield* new Unverified({ delivery, suspects: Option.toArray(found), orgId, told })
    })

    /** Those of them that verify it. */
    const verifying = (delivery: Delivery, candidates: ReadonlyArray<Candidate>) => {
      const atOnce = Math.max(1, Math.floor(stretch / (2 * delivery.body.length + 1024)))
      return Effect.forEach(
        Array.chunksOf(candidates, atOnce),
        (some, index) => Effect.map(index === 0 ? Effect.void : othersFirst, () => some.filter(verifies(delivery)))
      ).pipe(Effect.map((found) => found.flat()))
    }

    const tried = Effect.fnUntraced(function*(delivery: Delivery, bound: ReadonlyArray<Candidate>) {
      yield* delivery.mayTry
      const { installation, integration } = delivery
      const rows = yield* repo.withIntegration(integration, limit)
      const candidates = (yield* Effect.forEach(rows, credentials)).flatMap(Option.toArray)
      const found = yield* verifying(delivery, candidates)
      const own = found.filter(({ installationId }) => installationId === installation)
      const [only, ...others] = found.length > 1 && installation !== undefined ? own : found
      if (only !== undefined && others.length === 0) return only.orgId
      if (found.length > 1) {
        return yield* new RequestInvalid({
          problems: ["org: several organisations share the webhookSecret that verifies this; name one with ?org="]
        })
      }
      const known = new Set(bound.map(({ orgId }) => orgId))
      return yield* new Unverified({
        delivery,
        suspects: [...bound, ...candidates.filter(({ orgId, secrets }) => secrets.length > 0 && !known.has(orgId))],
        orgId: bound.length === 1 ? bound[0]?.orgId : undefined,
        told: "No configured webhookSecret verifies it; name the organisation with ?org="
      })
    })

    const locate = Effect.fnUntraced(function*(delivery: Delivery) {
      const { installation, integration } = delivery
      if (delivery.named !== undefined) return yield* named(delivery.named, delivery)
      if (installation === undefined) return yield* tried(delivery, [])
      // An org that merely claims another's installation is bound to it too: the secret tells them apart.
      const orgs = yield* events.boundOrgs(integration, installation)
      const bound = (yield* Effect.forEach(orgs, (orgId) => ofOrg(orgId, integration))).flatMap(Option.toArray)
      const [known, ...others] = bound.filter(verifies(delivery))
      if (known !== undefined && others.length === 0) return known.orgId
      const orgId = yield* tried(delivery, bound)
      yield* events.bind(integration, installation, orgId)
      return orgId
    })

    let second = 0
    let count = 0

    /** Whether there is time to look for alterations. */
    const mayExamine = Effect.map(Clock.currentTimeMillis, (now) => {
      const current = Math.floor(now / 1000)
      count = current === second ? count + 1 : 1
      second = current
      return count <= examinedPerSecond
    })

    const refuse = Effect.fnUntraced(function*({ delivery, orgId, suspects, told }: Unverified) {
      const { details, orgId: signer, reason } = diagnose({
        body: delivery.body,
        signatures: delivery.signatures,
        suspects: suspects.slice(0, examinedOrgs),
        known: orgId,
        thorough: yield* mayExamine
      })
      return yield* failures.refuse(
        { source: delivery.integration, reason, details, orgId: signer ?? orgId },
        // Only who has the secret can have made it: there is nobody else to learn anything from this.
        reason === "altered" ? details : told
      )
    })

    return {
      resolve: (delivery: Delivery) => Effect.catchTag(locate(delivery), "Unverified", refuse)
    }
  })
).pipe(Layer.provideMerge(WebhookFailures.Default))
