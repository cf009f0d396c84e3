import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, Effect } from "effect"
import { sentrySeed } from "./seed.ts"
import { renderIssue, type SentryIssue, type SentrySeed } from "./sentryRecords.ts"
import { makeStandIn, Refused, searchParams, type StandIn, type StartedIn } from "./StandIn.ts"

export type { SentrySeed } from "./sentryRecords.ts"

// 40 requests in one second is the limit seen on organization reads; Reset is in epoch seconds.
const quota = (remaining: number, resetMs: number) => ({
  "x-sentry-rate-limit-limit": "40",
  "x-sentry-rate-limit-remaining": String(remaining),
  "x-sentry-rate-limit-reset": String(Math.ceil(resetMs / 1000)),
  "x-sentry-rate-limit-concurrentlimit": "25",
  "x-sentry-rate-limit-concurrentremaining": "24"
})
const json = (body: unknown, status = 200) => HttpServerResponse.unsafeJson(body, { status })
const refuse = (status: number, detail: string) => new Refused({ response: json({ detail }, status) })
const missing = refuse(404, "The requested resource does not exist")

/** The subset of Sentry's search language that the seed can tell apart: `is:`, `level:`, `project:` and free text. */
const search = (seed: SentrySeed, query: string) =>
  Effect.gen(function*() {
    const tokens = query.match(/(?:[^\s"]|"[^"]*")+/g) ?? []
    const tests = yield* Effect.forEach(tokens, (token) => {
      const [, not, key, value = ""] = /^(!?)([\w.]+):(.*)$/.exec(token) ?? []
      const test = (holds: (issue: SentryIssue) => boolean) =>
        Effect.succeed((issue: SentryIssue) => holds(issue) !== (not === "!"))
      switch (key) {
        case undefined: {
          const text = token.replaceAll("\"", "").toLowerCase()
          return test((issue) => `${issue.title} ${issue.culprit ?? ""}`.toLowerCase().includes(text))
        }
        case "is":
          return ["unresolved", "resolved", "ignored", "archived"].includes(value)
            ? test((issue) => issue.status === (value === "archived" ? "ignored" : value))
            : refuse(400, `Invalid value for "is" search, valid values are ['resolved', 'unresolved', 'archived']`)
        case "level":
          return test((issue) => issue.level === value)
        case "project":
          return test((issue) => seed.projects.some((one) => one.id === issue.projectId && one.slug === value))
        default:
          return test(() => false)
      }
    })
    return (issue: SentryIssue) => tests.every((holds) => holds(issue))
  })

/** Sentry REST v0: the organization, its issues, and a project's issues (deprecated). */
export const makeSentry = (
  options: { readonly port?: number; readonly seed?: SentrySeed } = {}
): StartedIn<StandIn> => {
  const seed = options.seed ?? sentrySeed

  const authenticated = Effect.gen(function*() {
    const { authorization } = (yield* HttpServerRequest.HttpServerRequest).headers
    if (authorization === undefined) return yield* refuse(401, "Authentication credentials were not provided.")
    if (!seed.tokens.some((token) => authorization === `Bearer ${token}`)) return yield* refuse(401, "Invalid token")
  })

  const organization = Effect.gen(function*() {
    const { org } = yield* HttpRouter.params
    return org === seed.organization.slug || org === seed.organization.id ? seed.organization : yield* missing
  })

  /** Every rel is always there; only `results` tells whether that page holds anything. */
  const link = (path: string, offset: number, limit: number, size: number) => {
    const rel = (name: string, results: boolean, cursor: string) =>
      `<http://sentry.internal${path}?&cursor=${cursor}>; rel="${name}"; results="${results}"; cursor="${cursor}"`
    return [
      rel("previous", offset > 0, `0:${Math.max(0, offset - limit)}:1`),
      rel("next", offset + limit < size, `0:${offset + limit}:0`)
    ].join(", ")
  }

  const page = (inScope: (issue: SentryIssue) => boolean) =>
    Effect.gen(function*() {
      const query = yield* searchParams
      const matches = yield* search(seed, query.get("query") ?? "is:unresolved")
      const period = query.get("statsPeriod")
      if (period !== null && !/^(\d+[smhdw])?$/.test(period)) {
        return yield* refuse(400, `Invalid statsPeriod: '${period}'`)
      }
      const limit = Number(query.get("limit") ?? 100)
      if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
        return yield* refuse(400, "Invalid per_page value. Must be between 1 and 100.")
      }
      const [, start] = /^\d+:(\d+):[01]$/.exec(query.get("cursor") ?? "0:0:0") ?? []
      if (start === undefined) return yield* refuse(400, "Invalid cursor parameter.")
      const offset = Number(start)
      const found = seed.issues.filter((issue) => inScope(issue) && matches(issue))
        .toSorted((a, b) => b.lastSeen.localeCompare(a.lastSeen))
      const shown = found.slice(offset, offset + limit).filter((issue) => issue.hidden !== true)
      const { url } = yield* HttpServerRequest.HttpServerRequest
      return HttpServerResponse.unsafeJson(shown.map((issue) => renderIssue(seed, issue, query.getAll("collapse"))), {
        headers: {
          link: link(url.split("?")[0] ?? "", offset, limit, found.length),
          "x-hits": String(found.length),
          "x-max-hits": "1000"
        }
      })
    })

  const app = HttpRouter.empty.pipe(
    HttpRouter.get(
      "/api/0/organizations/:org/",
      Effect.map(organization, (org) =>
        json({
          ...org,
          status: { id: "active", name: "active" },
          isEarlyAdopter: false,
          features: [],
          links: { organizationUrl: `https://${org.slug}.sentry.io`, regionUrl: "https://us.sentry.io" }
        }))
    ),
    HttpRouter.get(
      "/api/0/organizations/:org/issues/",
      Effect.gen(function*() {
        yield* organization
        const wanted = (yield* searchParams).getAll("project").filter((name) => name !== "-1")
        const projects = seed.projects.filter((one) => wanted.includes(one.slug) || wanted.includes(one.id))
        // A project that is not there and one that may not be seen are the same answer.
        if (projects.length < new Set(wanted).size) {
          return yield* refuse(403, "You do not have permission to perform this action.")
        }
        return yield* page((issue) => wanted.length === 0 || projects.some((one) => one.id === issue.projectId))
      })
    ),
    HttpRouter.get(
      "/api/0/organizations/:org/issues/:id/",
      Effect.gen(function*() {
        yield* organization
        const { id } = yield* HttpRouter.params
        const found = seed.issues.find((issue) => issue.id === id)
        return found === undefined ? yield* missing : json(renderIssue(seed, found, []))
      })
    ),
    HttpRouter.get(
      "/api/0/projects/:org/:project/issues/",
      Effect.gen(function*() {
        yield* organization
        const { project } = yield* HttpRouter.params
        const found = seed.projects.find((one) => one.slug === project || one.id === project)
        return found === undefined ? yield* missing : yield* page((issue) => issue.projectId === found.id)
      })
    ),
    HttpRouter.use((handler) =>
      Effect.gen(function*() {
        const { url } = yield* HttpServerRequest.HttpServerRequest
        if (!/\/(\?|$)/.test(url)) {
          return yield* new Refused({
            response: json({ info: "Route not found, did you forget a trailing slash?" }, 404)
          })
        }
        yield* authenticated
        const now = yield* Clock.currentTimeMillis
        return HttpServerResponse.setHeaders(yield* handler, quota(39, now + 1000))
      })
    )
  )

  return makeStandIn({
    vendor: "sentry",
    app,
    notFound: json({ info: "Route not found, did you forget a trailing slash?" }, 404),
    // The body is a bare JSON string, its type is not JSON, and there is no Retry-After.
    throttled: (seconds, now) =>
      HttpServerResponse.text(
        "\"You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds\"",
        { status: 429, headers: quota(0, now + seconds * 1000), contentType: "text/html; charset=utf-8" }
      ),
    failed: (status) => json({ detail: status >= 500 ? "Internal Error" : "Bad Request" }, status),
    lying: json({ detail: "Internal Error" })
  }, options)
}
