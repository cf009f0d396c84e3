import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { IncidentNotFound, IncidentResolved, type UpstreamFailed, type UpstreamRejected } from "../../domain/Errors.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { PagerDutyConfig } from "./definition.ts"
import { dialect } from "./dialect.ts"
import type * as Domain from "./domain.ts"
import { acknowledgedAt, incident, onCall } from "./translate.ts"
import * as Wire from "./wire.ts"

type Upstreamed = UpstreamFailed | UpstreamRejected

/** PagerDuty in our terms. Every method is one operation under one deadline. */
export class PagerDuty extends Context.Tag("integrations/PagerDuty")<PagerDuty, {
  /** Who is on call now, `null` for nobody. `UpstreamRejected` when the configured service does not exist. */
  readonly oncall: (config: PagerDutyConfig) => Effect.Effect<Domain.OnCall | null, Upstreamed>
  /** Newest first, of any age. */
  readonly incidents: (
    config: PagerDutyConfig,
    query: { readonly statuses: ReadonlyArray<Domain.IncidentStatus>; readonly limit: number }
  ) => Effect.Effect<Domain.IncidentPage, Upstreamed>
  /**
   * Idempotent: an acknowledged incident answers with the time of its first acknowledgement. Never reopens a
   * resolved one, as far as PagerDuty, which has no conditional update, allows.
   */
  readonly acknowledge: (
    config: PagerDutyConfig,
    incidentId: string,
    acknowledgedBy: string | undefined
  ) => Effect.Effect<Acknowledged, Upstreamed | IncidentNotFound | IncidentResolved>
  /** The cheapest call that tells whether the key is good. */
  readonly verify: (config: PagerDutyConfig) => Effect.Effect<void, Upstreamed>
}>() {}

/** `changed` is false when somebody had acknowledged it before. */
export interface Acknowledged {
  readonly acknowledgement: Domain.Acknowledgement
  readonly incident: Domain.Incident
  readonly changed: boolean
}

const hosts = { us: "https://api.pagerduty.com", eu: "https://api.eu.pagerduty.com" }

/** PagerDuty's largest page; also a request's `limit`, so one page always suffices. */
const pageSize = 100
/** `offset + limit` beyond this is a 400 (REST v2, "Pagination"). */
const maxOffset = 10_000 - pageSize

/** What PagerDuty gives as ids. Anything else can be no incident, and must not become another path. */
const idShape = /^[A-Za-z0-9]{1,64}$/

export const PagerDutyLive = Layer.effect(
  PagerDuty,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = (yield* Origins)("pagerduty")

    const request = (config: PagerDutyConfig, method: "GET" | "POST" | "PUT", path: string) =>
      HttpClientRequest.make(method)(`${Option.getOrElse(origin, () => hosts[config.region ?? "us"])}${path}`, {
        headers: {
          accept: "application/vnd.pagerduty+json;version=2",
          authorization: `Token token=${Redacted.value(config.apiKey)}`,
          // Account keys must say who acts; user keys need not, and PagerDuty takes it from them all the same.
          ...(method !== "GET" && config.fromEmail !== undefined && { from: config.fromEmail })
        }
      })

    const operation = upstream.operation(dialect.vendor)

    /** Source: REST v2, GET /services/{id}. */
    const escalationPolicy = ({ escalationPolicyId, serviceId, ...config }: PagerDutyConfig) =>
      Effect.gen(function*() {
        if (serviceId === undefined) return escalationPolicyId
        if (!idShape.test(serviceId)) {
          const details = "The configured serviceId is not an id of PagerDuty"
          return yield* new VendorFailure({ vendor: dialect.vendor, kind: "rejected", details })
        }
        const { value } = yield* upstream.call({
          dialect,
          operation: "services.get",
          request: request(config, "GET", `/services/${serviceId}`),
          response: Wire.GetService,
          retry: "transient"
        })
        return value.service.escalation_policy.id
      })

    /**
     * Source: REST v2, GET /oncalls. Without `since` and `until` both are now; `include[]=users` is what brings name
     * and e-mail; `earliest` would mean something else. Loops on `more`: `total` is null unless asked for.
     */
    const onCallEntries = (
      config: PagerDutyConfig,
      policy: string | undefined,
      offset = 0
    ): Effect.Effect<ReadonlyArray<Wire.OnCallEntry>, VendorFailure> =>
      upstream.call({
        dialect,
        operation: "oncalls.list",
        request: request(config, "GET", "/oncalls").pipe(
          HttpClientRequest.setUrlParams({
            ...(policy !== undefined && { "escalation_policy_ids[]": policy }),
            "include[]": "users",
            time_zone: "UTC",
            limit: pageSize,
            offset
          })
        ),
        response: Wire.ListOnCalls,
        retry: "transient"
      }).pipe(
        Effect.flatMap(({ value }) =>
          value.more === true && offset + pageSize <= maxOffset
            ? Effect.map(onCallEntries(config, policy, offset + pageSize), (rest) => [...value.oncalls, ...rest])
            : Effect.succeed(value.oncalls)
        )
      )

    /** Source: REST v2, GET /incidents. Its default window is one month: `date_range=all` shows long-open ones. */
    const listIncidents = (config: PagerDutyConfig, statuses: ReadonlyArray<string>, limit: number) =>
      upstream.call({
        dialect,
        operation: "incidents.list",
        request: request(config, "GET", "/incidents").pipe(
          HttpClientRequest.setUrlParams({
            "statuses[]": statuses,
            "include[]": ["assignees", "services"],
            date_range: "all",
            sort_by: "created_at:desc",
            time_zone: "UTC",
            total: "true",
            limit
          })
        ),
        response: Wire.ListIncidents,
        retry: "transient"
      })

    const getIncident = (config: PagerDutyConfig, id: string) =>
      upstream.call({
        dialect,
        operation: "incidents.get",
        request: request(config, "GET", `/incidents/${id}`),
        response: Wire.GetIncident,
        retry: "transient"
      }).pipe(
        Effect.map(({ value }) => value.incident),
        Effect.catchIf((failure) => failure.kind === "missing", () => new IncidentNotFound())
      )

    /** Source: REST v2, PUT /incidents/{id}. Repeating it blindly could reopen what was resolved meanwhile. */
    const putAcknowledged = (config: PagerDutyConfig, id: string) =>
      upstream.call({
        dialect,
        operation: "incidents.acknowledge",
        request: request(config, "PUT", `/incidents/${id}`).pipe(
          HttpClientRequest.bodyUnsafeJson({ incident: { type: "incident_reference", status: "acknowledged" } })
        ),
        response: Wire.GetIncident,
        retry: "harmless"
      }).pipe(
        Effect.map(({ value }) => value.incident),
        Effect.catchIf((failure) => failure.kind === "missing", () => new IncidentNotFound())
      )

    /** Source: REST v2, POST /incidents/{id}/notes. Not idempotent, so never repeated; it may fail without harm. */
    const leaveNote = (config: PagerDutyConfig, id: string, acknowledgedBy: string) =>
      upstream.call({
        dialect,
        operation: "incidents.note",
        request: request(config, "POST", `/incidents/${id}/notes`).pipe(
          HttpClientRequest.bodyUnsafeJson({ note: { content: `Acknowledged by ${acknowledgedBy}` } })
        ),
        response: Wire.Anything,
        retry: "harmless"
      }).pipe(
        // The incident is acknowledged: its caller must not wait long for, or fail with, a note.
        Effect.timeout("2 seconds"),
        Effect.catchAll((error) => Effect.logWarning("PagerDuty did not take the note", error.message))
      )

    const acknowledged = (from: Wire.Incident, changed: boolean) =>
      Effect.gen(function*() {
        if (from.status === "resolved") return yield* new IncidentResolved()
        const at = acknowledgedAt(from)
        if (from.status !== "acknowledged" || at === undefined) {
          return yield* new VendorFailure({
            vendor: dialect.vendor,
            kind: "unreadable",
            details: "PagerDuty did not say that the incident is acknowledged"
          })
        }
        return {
          acknowledgement: { id: from.id, status: from.status, acknowledgedAt: at },
          incident: incident(from),
          changed
        }
      })

    const acknowledge = (config: PagerDutyConfig, id: string) =>
      Effect.gen(function*() {
        if (!idShape.test(id)) return yield* new IncidentNotFound()
        const before = yield* getIncident(config, id)
        if (before.status !== "triggered") return yield* acknowledged(before, false)
        return yield* putAcknowledged(config, id).pipe(
          // It may have happened although the answer says or shows nothing of it: PagerDuty knows.
          Effect.catchTag("VendorFailure", (failure) =>
            failure.kind === "conflict" || failure.kind === "unreadable" || (failure.transient && !failure.harmless)
              ? Effect.filterOrFail(getIncident(config, id), ({ status }) =>
                status !== "triggered", () => failure)
              : failure),
          Effect.flatMap((after) =>
            acknowledged(after, true)
          )
        )
      })

    /** Source: REST v2, GET /users/me: a key of the account is told by a 400 that says so, and is good. */
    const verify = (config: PagerDutyConfig) =>
      upstream.call({
        dialect,
        operation: "users.me",
        request: request(config, "GET", "/users/me"),
        response: Wire.GetMe,
        retry: "transient"
      }).pipe(
        Effect.asVoid,
        Effect.catchIf(
          (failure) => failure.kind === "rejected" && /account-level/i.test(failure.details),
          () =>
            Effect.asVoid(upstream.call({
              dialect,
              operation: "abilities.list",
              request: request(config, "GET", "/abilities"),
              response: Wire.ListAbilities,
              retry: "transient"
            }))
        )
      )

    return {
      oncall: (config) =>
        operation(
          escalationPolicy(config).pipe(
            Effect.flatMap((policy) => onCallEntries(config, policy)),
            Effect.map(onCall)
          )
        ),
      incidents: (config, { limit, statuses }) =>
        operation(Effect.map(listIncidents(config, statuses, limit), ({ value }) => ({
          incidents: value.incidents.map(incident),
          total: value.total ?? value.incidents.length
        }))),
      // The note has its own time: what is done is answered, however little was left of the deadline.
      acknowledge: (config, id, acknowledgedBy) =>
        operation(acknowledge(config, id)).pipe(
          Effect.tap(({ changed }) =>
            changed && acknowledgedBy !== undefined ? leaveNote(config, id, acknowledgedBy) : Effect.void
          )
        ),
      verify: (config) => operation(verify(config))
    }
  })
)
