import { HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { UpstreamFailed, UpstreamRejected } from "../../domain/Errors.ts"
import { Origins, Upstream } from "../../upstream/Upstream.ts"
import { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { SentryConfig } from "./definition.ts"
import { dialect, projectDialect } from "./dialect.ts"
import type * as Domain from "./domain.ts"
import * as Wire from "./wire.ts"

type Upstreamed = UpstreamFailed | UpstreamRejected

export interface IssueQuery {
  /** A slug; the configured project when left out, the whole organization when there is none. */
  readonly project?: string | undefined
  /** In Sentry's search language; empty for every issue. */
  readonly query: string
  /** 1 to 100. */
  readonly limit: number
}

/** Sentry in our terms. Every method is one operation under one deadline. */
export class Sentry extends Context.Tag("integrations/Sentry")<Sentry, {
  /** Last seen first. `UpstreamRejected` when the organization or the project does not exist. */
  readonly issues: (config: SentryConfig, query: IssueQuery) => Effect.Effect<Domain.SentryIssuePage, Upstreamed>
  /** The cheapest call that tells whether the token is good for the organization. */
  readonly verify: (config: SentryConfig) => Effect.Effect<void, Upstreamed>
}>() {}

const hosts = { us: "https://us.sentry.io", de: "https://de.sentry.io" }

/** Filtering after paging can empty page after page: at some point what is there has to do. */
const maxPages = 10

const rejected = (details: string) => new VendorFailure({ vendor: dialect.vendor, kind: "rejected", details })

/** A count that Sentry leaves out, as it does for issues whose statistics are gone, is none. */
const issue = (from: Wire.Issue): Domain.SentryIssue => ({
  id: from.id,
  title: from.title ?? from.shortId ?? from.id,
  culprit: from.culprit ?? null,
  level: from.level ?? "unknown",
  count: from.count ?? 0,
  userCount: from.userCount ?? 0,
  firstSeen: from.firstSeen ?? null,
  lastSeen: from.lastSeen ?? null,
  permalink: from.permalink ?? null
})

export const SentryLive = Layer.effect(
  Sentry,
  Effect.gen(function*() {
    const upstream = yield* Upstream
    const origin = (yield* Origins)("sentry")
    const operation = upstream.operation(dialect.vendor)

    const originFor = ({ baseUrl, region }: SentryConfig): string =>
      baseUrl?.replace(/\/+$/, "") ?? (region === undefined ? "https://sentry.io" : hosts[region])

    /** `tail` ends in a slash: without it Sentry redirects or knows no such route. */
    const get = (config: SentryConfig, tail: string) =>
      Effect.gen(function*() {
        const slug = config.organization
        // `.` and `..` would become another path, and lone surrogates cannot be encoded.
        if (/^\.{1,2}$|\p{Cs}/u.test(slug)) return yield* rejected("The configured organization is not a slug")
        const url = `${Option.getOrElse(origin, () => originFor(config))}/api/0/organizations/${
          encodeURIComponent(slug)
        }/`
        return {
          request: HttpClientRequest.get(url + tail).pipe(
            HttpClientRequest.bearerToken(config.authToken),
            HttpClientRequest.acceptJson
          ),
          // Where Sentry itself or the operator says that it is needs no check.
          tenantUrl: Option.isNone(origin) && config.baseUrl !== undefined
        }
      })

    /**
     * Source: REST v0, GET /organizations/{slug}/issues/; the route of a project is deprecated. `collapse=stats` would
     * be cheaper, but takes the counts and times with it. `query` is sent also when empty: left out, it would mean
     * `is:unresolved`.
     */
    const page = (config: SentryConfig, { limit, project, query }: IssueQuery, cursor?: string) =>
      get(config, "issues/").pipe(
        Effect.flatMap(({ request, tenantUrl }) =>
          upstream.call({
            tenantUrl,
            dialect: project === undefined ? dialect : projectDialect,
            operation: "issues.list",
            request: HttpClientRequest.setUrlParams(request, { project, query, sort: "date", limit, cursor }),
            response: Wire.ListIssues,
            retry: "transient"
          })
        ),
        Effect.map(({ headers, value }) => ({
          rows: value,
          next: Wire.nextCursor(headers["link"]),
          hits: Schema.decodeUnknownOption(Wire.Hits)(headers["x-hits"])
        }))
      )

    /**
     * A page may hold fewer rows than `limit` although more exist: only the cursor tells. The limit stays the same
     * from page to page, because Sentry's cursors count in it.
     */
    const list = (config: SentryConfig, query: IssueQuery) =>
      Effect.gen(function*() {
        const first = yield* page(config, query)
        const byId = new Map(first.rows.map((row) => [row.id, row]))
        const followed = new Set<string>()
        let { next } = first
        while (byId.size < query.limit && next !== undefined && !followed.has(next) && followed.size < maxPages - 1) {
          followed.add(next)
          const more = yield* page(config, query, next)
          // An issue that is seen meanwhile moves, and may show up on two pages.
          for (const row of more.rows) if (!byId.has(row.id)) byId.set(row.id, row)
          next = more.next
        }
        const issues = [...byId.values()].slice(0, query.limit).map(issue)
        return { issues, total: Option.getOrElse(first.hits, () => issues.length) }
      })

    /** Asked without the project, Sentry tells whether the project or the token is to blame. */
    const blame = (config: SentryConfig, query: IssueQuery) =>
      Effect.zipRight(
        page(config, { query: query.query, limit: 1 }),
        rejected("Sentry knows no such project, or the token may not see it")
      )

    const issues = (config: SentryConfig, query: IssueQuery) => {
      const project = query.project ?? config.project
      return list(config, { ...query, project }).pipe(
        Effect.catchIf(({ kind }) => kind === "missing" && project !== undefined, () => blame(config, query))
      )
    }

    /** Source: REST v0, GET /organizations/{slug}/: the list of organizations would need a user's token. */
    const verify = (config: SentryConfig) =>
      get(config, "?detailed=0").pipe(
        Effect.flatMap((call) =>
          upstream.call({
            ...call,
            dialect,
            operation: "organizations.get",
            response: Wire.GetOrganization,
            retry: "transient"
          })
        ),
        Effect.asVoid
      )

    return {
      issues: (config, query) => operation(issues(config, query)),
      verify: (config) => operation(verify(config))
    }
  })
)
